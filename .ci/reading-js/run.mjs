// Asks the functions of docs/reading.md the questions that come as JSON on standard input, and
// prints the rows of all answers and the operations that were used.
import { readFileSync } from "node:fs";

const page = await import(process.argv[2]);
const { app, cases } = JSON.parse(readFileSync(0, "utf8"));

const operations = new Set();
page.client.middlewareStack.add(
  (next, context) => (args) => {
    operations.add(context.commandName.replace("Command", ""));
    return next(args);
  },
  { step: "build" },
);

const all = async (found, row) => {
  const rows = [];
  for await (const item of found) rows.push(row(item));
  return rows;
};
const one = (item, row) => (item ? [row(item)] : []);
const ask = {
  members: (room) => all(page.members(app, room), (m) => [m.userId]),
  count: async (room) => [[await page.count(app, room)]],
  member: async (room, user) =>
    one(await page.member(app, room, user), (m) => [m.membership, m.reason, m.joinedAt, m.goneAt]),
  left: (room) => all(page.left(app, room), (m) => [m.userId, m.reason, m.goneAt]),
  user: (room, user) => all(page.roomsOf(app, user), (m) => [m.chatRoomId]),
  room: async (room) => one(await page.room(app, room), (r) => [r.lifecycle, r.createdAt]),
  rooms: () => all(page.activeRooms(app), (r) => [r.chatRoomId]),
  fullest: async () => (await page.fullest(app, 10)).map((r) => [r.chatRoomId, r.members]),
};

const answers = [];
for (const { question, room, user } of cases) answers.push(await ask[question](room, user));
console.log(JSON.stringify({ answers, operations: [...operations] }));
