// A callback in Node.js, as one writes it first: AWS SDK v3 with its defaults and its document
// client, and one put per user, all at once.
//
// It verifies and stores. It is not right for long: a late or repeated event overwrites a newer one,
// rooms are not kept, and what cannot be stored is lost with the sender's last try.

import { createHash, timingSafeEqual } from "node:crypto";

import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";

const TableName = process.env.TABLE_NAME;
const secrets = new Map(Object.entries(JSON.parse(process.env.APP_SECRETS)));
const dynamodb = DynamoDBDocumentClient.from(new DynamoDBClient({}));

export const handler = async (event) => {
  const query = new URLSearchParams(event.rawQueryString);
  if (!isSigned(query)) return answer(401, { error: "wrong_signature" });

  const body = event.isBase64Encoded ? Buffer.from(event.body, "base64").toString() : event.body;
  const members = JSON.parse(body).flatMap((change) => membersOf(query.get("appKey"), change));
  await Promise.all(members.map((Item) => dynamodb.send(new PutCommand({ TableName, Item }))));
  return answer(200, { stored: members.length });
};

function isSigned(query) {
  const secret = secrets.get(query.get("appKey"));
  if (!secret) return false;
  const timestamp = query.get("timestamp") ?? query.get("signTimestamp");
  const expected = createHash("sha1").update(`${secret}${query.get("nonce")}${timestamp}`).digest();
  const signature = Buffer.from(query.get("signature") ?? "", "hex");
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}

function membersOf(appKey, { chatRoomId, userIds, status, type, time }) {
  const isJoin = type === 1;
  if (!isJoin && type !== 2) return [];
  return userIds.map((userId) => ({
    pk: `ROOM#${appKey}#${chatRoomId}`,
    sk: `USER#${userId}`,
    kind: "member",
    appKey,
    chatRoomId,
    userId,
    membership: isJoin ? "joined" : "left",
    version: time * 100 + type * 10 + Math.min(status, 9),
    ...(isJoin ? { joinedAt: time, userKey: `USER#${appKey}#${userId}` } : { leftAt: time }),
  }));
}

const answer = (statusCode, body) => ({
  statusCode,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
