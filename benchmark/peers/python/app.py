"""A callback in Python, as one writes it first: boto3, and the idempotency utility of Powertools for
AWS Lambda, so that a callback that comes twice is stored once.

It verifies and stores. It is not right for long: a late event overwrites a newer one, rooms are not
kept, and what cannot be stored is lost with the sender's last try. Of Powertools, it loads no more
than it uses.
"""

import base64
import hashlib
import hmac
import json
import os
from urllib.parse import parse_qs

import boto3
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

JOIN, LEAVE = 1, 2

secrets = json.loads(os.environ["APP_SECRETS"])
table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])
idempotency_table = DynamoDBPersistenceLayer(table_name=os.environ["IDEMPOTENCY_TABLE"])
idempotency = IdempotencyConfig()


def handler(event, context):
    idempotency.register_lambda_context(context)
    query = {name: values[0] for name, values in parse_qs(event["rawQueryString"]).items()}
    if not is_signed(query):
        return answer(401, {"error": "wrong_signature"})
    body = base64.b64decode(event["body"]) if event["isBase64Encoded"] else event["body"]
    # Not the query: whether a repeat is signed anew is not known.
    callback = {"appKey": query["appKey"], "changes": json.loads(body)}
    return answer(200, store(callback=callback))


def is_signed(query):
    secret = secrets.get(query.get("appKey"))
    if secret is None:
        return False
    timestamp = query.get("timestamp") or query.get("signTimestamp", "")
    signed = secret + query.get("nonce", "") + timestamp
    signature = hashlib.sha1(signed.encode()).hexdigest()
    return hmac.compare_digest(signature.encode(), query.get("signature", "").encode())


@idempotent_function(
    data_keyword_argument="callback", persistence_store=idempotency_table, config=idempotency
)
def store(callback):
    stored = 0
    # A batch takes no item twice.
    with table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
        for change in callback["changes"]:
            for item in members_of(callback["appKey"], change):
                batch.put_item(Item=item)
                stored += 1
    return {"stored": stored}


def members_of(app_key, change):
    kind, time, room = change["type"], change["time"], change["chatRoomId"]
    if kind not in (JOIN, LEAVE):
        return
    for user in change["userIds"]:
        item = {
            "pk": f"ROOM#{app_key}#{room}",
            "sk": f"USER#{user}",
            "kind": "member",
            "appKey": app_key,
            "chatRoomId": room,
            "userId": user,
            "membership": "joined" if kind == JOIN else "left",
            "version": time * 100 + kind * 10 + min(change["status"], 9),
        }
        if kind == JOIN:
            item |= {"joinedAt": time, "userKey": f"USER#{app_key}#{user}"}
        else:
            item["leftAt"] = time
        yield item


def answer(status, body):
    headers = {"content-type": "application/json"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}
