"""The code blocks of docs/reading.md, as they stand there."""

import pathlib
import re

PAGE = pathlib.Path(__file__).resolve().parents[1] / "docs" / "reading.md"
BLOCK = re.compile(
    r"^## (?P<heading>[^\n]*)$|^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)
SETUP = "Before you begin"
# A paragraph of a shell block belongs to the first client whose sign it has.
SHELLS = {
    "signed": r"--aws-sigv4",
    "partiql": r"\bpartiql |batch-execute-statement",
    "aws": r"\baws dynamodb",
    "chatroom": r"^chatroom ",
    "http": r"\bask |\bcurl ",
    "rust": r"^cargo ",
}


class Page:
    def __init__(self):
        self.shells = {}
        languages = {"python": [], "js": [], "json": [], "rust": []}
        heading, setup = "", []
        for match in BLOCK.finditer(PAGE.read_text()):
            if match["heading"]:
                heading = match["heading"]
            elif match["language"] in languages:
                languages[match["language"]].append(match["code"])
            elif match["language"] == "sh" and heading == SETUP:
                setup.append(match["code"])
            elif match["language"] == "sh":
                for paragraph in match["code"].split("\n\n"):
                    command = heading, client_of(paragraph)
                    assert command not in self.shells, f"two commands of {command}"
                    self.shells[command] = paragraph
        # The first block is for readers to adapt: the check sets the same variables.
        settings, self.prelude = setup
        self.settings = set(re.findall(r"\b([A-Z_]+)=", settings))
        self.python, self.js = ("\n".join(languages[name]) for name in ("python", "js"))
        [self.policy], [self.rust] = languages["json"], languages["rust"]

    def actions_of_the_aws_cli(self):
        """The operations that the shell blocks name, such as `BatchGetItem`."""
        code = "\n".join([self.prelude, *self.shells.values()])
        commands = set(re.findall(r"\baws dynamodb ([a-z-]+)", code))
        return {"".join(part.title() for part in command.split("-")) for command in commands}


def client_of(code):
    return next(client for client, sign in SHELLS.items() if re.search(sign, code, re.M))
