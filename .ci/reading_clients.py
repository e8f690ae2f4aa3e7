"""The clients that answer the questions of docs/reading.md, and the comparison of what they say."""

import collections
import concurrent.futures
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import types

from reading_world import APP

ROOT = pathlib.Path(__file__).resolve().parents[1]
MODULES = ROOT / ".tools" / "reading-js"

# The headings under which the page answers a question.
HEADINGS = {
    "members": ["Who is in this room", "In Rust"],
    "count": ["How many are in it", "From Java, Go, PHP and anything else"],
    "member": ["Since when is she in it, or why did she leave"],
    "left": ["Who left, and for what reason"],
    "user": ["Where is this user"],
    "room": ["Is this room active, and since when"],
    "rooms": ["Which rooms are active"],
    "fullest": ["Which rooms are the fullest"],
}
# Clients that start anew for each request: half a second, which only some of the cases are worth.
SLOW = {"aws", "partiql", "rust"}
# Where the columns of the truth stand in the answers of clients that show more.
COLUMNS = {
    ("chatroom", "members"): [0],
    ("chatroom", "member"): [2, 3, 4, 5],
    ("chatroom", "left"): [0, 1, 3],
    ("chatroom", "user"): [0],
    ("chatroom", "room"): [1, 2],
    ("chatroom", "rooms"): [0],
    ("chatroom", "fullest"): [0, 1],
}
# The exit codes of clients to which nothing is known.
UNKNOWN = {"chatroom": 4, "http": 22, "signed": 22}

TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d")

Case = collections.namedtuple("Case", "question room user", defaults=("", ""))


class Answers:
    def __init__(self, page, truth):
        self.page, self.truth = page, truth
        self.faults, self.operations = 0, page.actions_of_the_aws_cli()
        self.unused = set(page.shells)
        for heading, *_ in HEADINGS.values():
            missing = {"chatroom", "http", "aws"} - {c for h, c in page.shells if h == heading}
            assert not missing, f"{heading}: the page has no answer for {missing}"
        self.python = module(page.python, self.operations)
        (MODULES / "page.mjs").write_text(page.js)

    def compare(self, when, cases, for_slow_clients):
        """Asks all clients, and compares each answer with the truth."""
        clients, faults = collections.defaultdict(collections.Counter), collections.Counter()
        for client, case, answer in self.ask(cases, for_slow_clients):
            clients[case.question][client] += 1
            fault = self.fault(client, case, answer)
            if fault:
                faults[case.question] += 1
                print(f"WRONG{when}: {client}: {short(case)}: {short(fault)}", file=sys.stderr)
        for question, asked in clients.items():
            if not faults[question]:
                names = ", ".join(f"{client} {count}" for client, count in sorted(asked.items()))
                print(f"ok: {HEADINGS[question][0]}{when}: {len(asked)} clients agree ({names})")
        self.faults += faults.total()

    def ask(self, cases, for_slow_clients):
        """Gives each client's answer to each case: its rows, or the code of its failure."""
        shells = [
            (client, case, heading)
            for case in cases
            for heading, client in self.page.shells
            if heading in HEADINGS[case.question]
            and (client not in SLOW or case in for_slow_clients)
        ]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            answers = pool.map(lambda shell: ask_shell(self.shell(*shell)), shells)
            for (client, case, _), answer in zip(shells, answers):
                yield client, case, answer
        for case in cases:
            yield "python", case, ask_python(self.python, case)
        for case, answer in zip(cases, self.ask_js(cases), strict=True):
            yield "js", case, answer

    def shell(self, client, case, heading):
        """The arguments of a process that runs a command of the page."""
        self.unused.discard((heading, client))
        code = f"{self.page.prelude}\n{self.page.shells[heading, client]}"
        variables = {"ROOM": case.room, "MEMBER": case.user}
        return {
            "args": ["bash", "-e", "-o", "pipefail", "-c", code],
            "env": os.environ | {name: value for name, value in variables.items() if value},
            "cwd": ROOT,
        }

    def ask_js(self, cases):
        told = subprocess.run(
            ["node", ROOT / ".ci/reading-js/run.mjs", MODULES / "page.mjs"],
            input=json.dumps({"app": APP, "cases": [case._asdict() for case in cases]}),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        told = json.loads(told.stdout)
        self.operations |= set(told["operations"])
        return told["answers"]

    def fault(self, client, case, answer):
        """Says what is wrong about an answer; None if nothing is."""
        truth = self.truth.of(*case)
        if isinstance(answer, Failure):
            is_unknown = not truth and answer.code == UNKNOWN.get(client)
            return None if is_unknown else f"exit code {answer.code}: {answer.text}"
        if not truth and case.question == "count":
            truth = [(0,)]
        if columns := COLUMNS.get((client, case.question)):
            answer = [[row[column] for column in columns] for row in answer]
        if case.question == "fullest":
            # Their order is part of the answer.
            answer, truth = (
                [(place, *row) for place, row in enumerate(rows)] for rows in (answer, truth)
            )
        answer, truth = rows_of(answer), rows_of(truth)
        if answer == truth:
            return None
        missing, more = truth - answer, answer - truth
        return (
            f"{answer.total()} rows instead of {truth.total()}. Missing: "
            f"{missing.total()}, {list(missing)[:2]}. Wrong: {more.total()}, {list(more)[:2]}"
        )


class Failure(collections.namedtuple("Failure", "code text")):
    pass


def short(what):
    """Words something for people: without most of the long ids."""
    return re.sub(r"x{9,}", "x…", str(what))


def rows_of(rows):
    return collections.Counter(tuple(map(text, row)) for row in rows)


def text(cell):
    """Makes clients comparable: times are Unix milliseconds, and what there is not is empty."""
    if isinstance(cell, str) and TIME.fullmatch(cell):
        return str(round(datetime.datetime.fromisoformat(cell).timestamp() * 1000))
    return "" if cell is None else str(cell)


def ask_shell(arguments):
    done = subprocess.run(**arguments, capture_output=True, text=True)
    if done.returncode:
        return Failure(done.returncode, done.stderr)
    return [line.split("\t") for line in done.stdout.split("\n")[:-1]]


def module(code, operations):
    """The Python of the page. What it asks of DynamoDB is added to the operations."""
    page = types.ModuleType("page")
    exec(compile(code, "docs/reading.md", "exec"), page.__dict__)
    page.table.meta.client.meta.events.register(
        "before-call.dynamodb", lambda model, **_: operations.add(model.name)
    )
    return page


def ask_python(page, case):
    _, room, user = case
    arguments = page.table, APP
    match case.question:
        case "members":
            return [(m["userId"],) for m in page.members(*arguments, room)]
        case "count":
            return [(page.count(*arguments, room),)]
        case "member":
            m = page.member(*arguments, room, user)
            return [(m["membership"], m["reason"], m["joinedAt"], m.get("goneAt"))] if m else []
        case "left":
            return [(m["userId"], m["reason"], m["goneAt"]) for m in page.left(*arguments, room)]
        case "user":
            return [(m["chatRoomId"],) for m in page.rooms_of(*arguments, user)]
        case "room":
            item = page.room(*arguments, room)
            return [(item["lifecycle"], item.get("createdAt"))] if item else []
        case "rooms":
            return [(item["chatRoomId"],) for item in page.active_rooms(*arguments)]
        case "fullest":
            return [(room, members) for members, room in page.fullest(*arguments, 10)]


def check_permissions(page, operations):
    """The page's policy allows what its code does, and nothing more."""
    allowed = {each["Sid"]: set(each["Action"]) for each in json.loads(page.policy)["Statement"]}
    is_partiql = {name for name in operations if name.endswith("ExecuteStatement")}
    used = {f"dynamodb:{name}" for name in operations - is_partiql}
    for what, needed, sid in [
        ("reading", used, "ReadTheTable"),
        ("PartiQL", {"dynamodb:PartiQLSelect"} if is_partiql else set(), "ReadTheTableWithPartiQL"),
    ]:
        assert needed == allowed[sid], f"{what} needs {needed}, the page allows {allowed[sid]}"
        print(f"ok: permissions for {what}: {', '.join(sorted(needed))}")
