"""The rooms that docs/reading.md is tried on: the events that make them, and what follows.

The truth is computed from the events alone, as docs/semantics.md promises it.
"""

import time

CREATE, JOIN, LEAVE, DESTROY = 0, 1, 2, 3
REASONS = ["requested", "auto_exit", "banned", "auto_destroyed"]
APP = "someappKey"

# Nothing is known of these.
NOWHERE, NOBODY = "nowhere", "nobody"
# Each is read in one request, has characters that quoting and encoding must bear, ...
SMALL = "lobby #2/é?&'%+=\"\\ "
# ... takes several, ended and is not swept yet, and takes several, too, ...
BIG, ENDED = "stadium", "encore"
# ... ended and is swept, ended and is in use again, ended twice, was never reported as created.
SWEPT, REUSED, TWICE, GOSSIP = "closed", "reused", "twice", "gossip"
# A user's item is small; an id of this length lets a megabyte hold only a thousand of them.
LONG = 200


def fan(number):
    return f"fan-{number:05}-".ljust(LONG, "x")


class World:
    def __init__(self, big=5000):
        self.clock = time.time_ns() // 1_000_000 - 300_000
        self.events = []
        self.build(big)

    def add(self, room, kind, users=(), status=0):
        """Adds an event that happened one millisecond after the one before."""
        self.clock += 1
        event = {"chatRoomId": room, "userIds": list(users), "status": status, "type": kind}
        self.events.append(event | {"time": self.clock})

    def build(self, big):
        for room, size in (BIG, big), (ENDED, big // 3):
            self.add(room, CREATE)
            for first in range(0, size, 500):
                self.add(room, JOIN, map(fan, range(first, min(first + 500, size))))
            for status in range(4):
                self.add(room, LEAVE, map(fan, range(status, size, size // 20)), status)
        self.add(ENDED, JOIN, ["anna"])
        self.add(ENDED, DESTROY, status=3)

        self.add(SMALL, CREATE)
        self.add(SMALL, JOIN, ["anna", "ben", "carl", "dora", "o'neil 😀/?&+", "emil"])
        self.add(SMALL, LEAVE, ["ben"], 2)
        self.add(SMALL, LEAVE, ["carl"], 1)
        self.add(SMALL, LEAVE, ["dora"], 5)
        self.add(SMALL, LEAVE, ["emil"])
        self.add(SMALL, JOIN, ["emil"])

        for room in SWEPT, REUSED, TWICE:
            self.add(room, CREATE)
            self.add(room, JOIN, ["anna", "ben", "carl", "gina"])
            self.add(room, LEAVE, ["ben"], 2)
            self.add(room, DESTROY)
        # What is reported of the time after an end.
        self.add(SWEPT, LEAVE, ["gina"], 1)
        for room in REUSED, TWICE:
            self.add(room, CREATE)
            self.add(room, JOIN, ["anna", "hugo"])
        self.add(TWICE, DESTROY, status=3)

        self.add(GOSSIP, JOIN, ["anna", "gina"])
        for size in range(11, 20):
            self.add(f"party-{size}", CREATE)
            self.add(f"party-{size}", JOIN, map(fan, range(size)))

    def callbacks(self):
        """Splits the events into callbacks that the table takes within the time of an answer.

        An end comes after those whom it removes: joins that come with it would be ended at once.
        """
        callback, users = [], 0
        for event in self.events:
            if users + len(event["userIds"]) > 500 or event["type"] == DESTROY:
                yield callback
                callback, users = [], 0
            callback.append(event)
            users += len(event["userIds"])
        yield callback


class Truth:
    """The rooms and members after all events, in whatever order they came."""

    def __init__(self, events):
        self.rooms, self.members = {}, {}
        for event in sorted(events, key=version):
            kind, at, users = event["type"], event["time"], event["userIds"]
            room = self.rooms.setdefault(event["chatRoomId"], {"ended": 0, "members": {}})
            if kind == DESTROY:
                room |= {"lifecycle": "destroyed", "destroyedAt": at, "ended": version(event)}
            elif kind == CREATE:
                room |= {"lifecycle": "active", "createdAt": at}
            elif kind == JOIN:
                room["lifecycle"] = "active"
            for user in users if kind in (JOIN, LEAVE) else ():
                member = room["members"].setdefault(user, {})
                member["version"], member["reason"] = version(event), reason(event["status"])
                if kind == JOIN:
                    member |= {"membership": "joined", "joinedAt": at, "goneAt": None}
                else:
                    member |= {"membership": "left", "leftAt": at, "goneAt": at}
        for room in self.rooms.values():
            for member in room["members"].values():
                if member["membership"] == "joined" and member["version"] <= room["ended"]:
                    member |= {"membership": "left", "reason": "room_destroyed"}
                    member["goneAt"] = room["destroyedAt"]

    def of(self, question, room, user=""):
        """The rows of the answer to a question: what is unknown has none."""
        here = self.rooms.get(room, {"members": {}})
        present = {u for u, m in here["members"].items() if m["membership"] == "joined"}
        match question:
            case "members":
                return [(user,) for user in present]
            case "count":
                return [(len(present),)] if room in self.rooms else []
            case "member":
                rows = [here["members"][user]] if user in here["members"] else []
                return [columns(m, "membership", "reason", "joinedAt", "goneAt") for m in rows]
            case "left":
                left = {u: m for u, m in here["members"].items() if u not in present}
                return [(u, *columns(m, "reason", "goneAt")) for u, m in left.items()]
            case "user":
                return [
                    (room,)
                    for room, known in self.rooms.items()
                    if known["members"].get(user, {}).get("membership") == "joined"
                ]
            case "room":
                rows = [self.rooms[room]] if room in self.rooms else []
                return [columns(room, "lifecycle", "createdAt") for room in rows]
            case "rooms":
                return [(room,) for room in self.active()]
            case "fullest":
                rows = [(room, *self.of("count", room)[0]) for room in self.active()]
                return sorted(rows, key=lambda row: -row[1])[:10]

    def active(self):
        return [room for room, known in self.rooms.items() if known["lifecycle"] == "active"]


def columns(item, *names):
    return tuple("" if item.get(name) is None else item[name] for name in names)


def version(event):
    return event["time"] * 100 + event["type"] * 10 + min(event["status"], 9)


def reason(status):
    return REASONS[status] if status < len(REASONS) else f"status_{min(status, 9)}"


def neighbours():
    """The items of other apps, with the same ids. No answer may show them."""
    for app in APP + "2", APP[:-1], "other":
        for room in SMALL, REUSED, "elsewhere":
            key = {"pk": f"ROOM#{app}#{room}", "appKey": app, "chatRoomId": room, "version": 1}
            keys = [{"roomsKey": f"ROOMS#{app}#{shard:02}"} for shard in range(3)]
            yield key | keys[len(room) % 3] | {"sk": "ROOM", "kind": "room", "lifecycle": "active"}
            for user in "anna", "ben", "mallory":
                member = {"sk": f"USER#{user}", "userKey": f"USER#{app}#{user}", "userId": user}
                joined = {"kind": "member", "membership": "joined", "reason": "requested"}
                yield key | member | joined | {"joinedAt": 1}
