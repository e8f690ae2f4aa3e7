"""What one join costs at the table: requests, round trips, capacity units."""

from dataclasses import dataclass

from callbacks import join, newcomers
from counting_proxy import counting, round_trips
from deployment import deployment
from functions import ALL, CALLBACK, Function
from process import Process


@dataclass(frozen=True)
class Work:
    """The price of one join of one newcomer."""

    function: str
    # What is known of the room.
    room: str
    requests: list[str]
    round_trips: int
    write_units: float
    read_units: float


REMEMBERED, CREATED, UNKNOWN = "joined a moment ago", "created, not joined yet", "never heard of"


def measure() -> list[Work]:
    """Each function with a room that it has just seen; ours also with rooms that it has not."""
    return [
        *(_work(function, REMEMBERED) for function in ALL),
        _work(CALLBACK, CREATED),
        _work(CALLBACK, UNKNOWN),
    ]


def _work(function: Function, room: str) -> Work:
    with deployment() as behind, counting(behind.dynamodb) as (url, requests):
        if room != UNKNOWN:
            behind.create_rooms("room")
        variables = behind.variables() | {"AWS_ENDPOINT_URL_DYNAMODB": url}
        with Process(function, variables) as process:
            process.start()
            users = newcomers()
            if room == REMEMBERED:
                process.invoke(join("room", next(users)))
            requests.clear()
            process.invoke(join("room", next(users)))
            return Work(
                function=function.name,
                room=room,
                requests=[request.operation for request in requests],
                round_trips=round_trips(requests),
                write_units=sum(each.units for each in requests if not each.is_read),
                read_units=sum(each.units for each in requests if each.is_read),
            )
