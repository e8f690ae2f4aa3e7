"""Tells what happens in chatrooms, by the records of the table's stream.

Replace `tell` by what you need. It gets each change in the order in which the table took it, per
member and per room; after a failure, some changes come again.
"""

import json


def handle(event, _context):
    for record in event["Records"]:
        try:
            for change in changes(record):
                tell(change)
        except Exception as error:
            number = record["dynamodb"]["SequenceNumber"]
            print(json.dumps({"level": "ERROR", "message": repr(error), "record": number}))
            # Lambda comes again with this record and all after it, so nothing is overtaken.
            return {"batchItemFailures": [{"itemIdentifier": number}]}
    return {"batchItemFailures": []}


def tell(change):
    print(json.dumps(change, ensure_ascii=True))


def changes(record):
    """Lists what happened between the two images of a record: nothing, as a rule one thing."""
    new = plain(record["dynamodb"].get("NewImage"))
    old = plain(record["dynamodb"].get("OldImage"))
    match new.get("kind"):
        case "member":
            return [about(new, *change) for change in of_member(old, new)]
        case "room":
            return [about(new, *change) for change in of_room(old, new)]
    # The item expired: whoever left long ago, or a room that ended long ago. That is no news.
    return []


def of_member(old, new):
    # The version names the member's newest event. If it stays, no event is told: times of older
    # events were raised, or the sweep brought the room's end to the member.
    if new["version"] > old.get("version", 0):
        yield new["membership"], new["version"] // 100, new["reason"]
    elif new["membership"] == "left" and old["membership"] == "joined":
        # Whoever heard of the room's end knows it already.
        yield "ended", None, new["reason"]


def of_room(old, new):
    ended = new.get("destroyVersion", 0) > old.get("destroyVersion", 0)
    if ended:
        # From now on, everybody is out who joined at this time or before: take them out here, and
        # do not wait for their own changes, which follow in about a minute.
        yield "destroyed", new["destroyedAt"], new["destroyReason"]
    if new["lifecycle"] == "active" and (ended or old.get("lifecycle") != "active"):
        yield "active", new["version"] // 100, None


def about(item, change, at, reason):
    told = {
        "change": change,
        "at": at,
        "appKey": item["appKey"],
        "chatRoomId": item["chatRoomId"],
        "userId": item.get("userId"),
        "reason": reason,
    }
    return {name: value for name, value in told.items() if value is not None}


def plain(image):
    """The values of an image without their types: the table has texts and whole numbers."""
    values = {name: next(iter(value.items())) for name, value in (image or {}).items()}
    return {name: int(text) if kind == "N" else text for name, (kind, text) in values.items()}
