"""One patient's record while it is being written: resources in an order where references point backwards."""

from collections import Counter
from datetime import date, datetime

from felles.demo import chance, clock
from felles.demo.code import table
from felles.demo.place import Place
from felles.demo.population import Person
from felles.demo.resource import Json, key, reference, resource


class _Figures(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "ikke målt"


class Chart:
    """Collects the resources of `person`; `figures` holds the last measured values for the notes."""

    def __init__(self, person: Person, today: date) -> None:
        self.person = person
        self.today = today
        self.rng = chance.source("chart", person.seed)
        self.resources: list[Json] = []
        self.figures = _Figures()
        self.medicines: dict[str, str] = {}
        self.problems: dict[str, str] = {}
        self.allergies: set[str] = set()
        self._count: Counter[str] = Counter()

    @property
    def patient(self) -> str:
        return f"Patient/{self.person.id}"

    @property
    def subject(self) -> Json:
        return reference(self.patient)

    @property
    def age(self) -> int:
        return clock.age(self.person.birth, self.today)

    @property
    def end(self) -> date:
        """The last day of the history: today, or the day of death."""
        return self.person.died or self.today

    @property
    def gp_on_platform(self) -> bool:
        return self.person.gp.place.on_platform

    def add(self, kind: str, body: Json) -> str:
        """Adds a resource and returns its "Type/id"."""
        ordinal = self._count[kind]
        self._count[kind] += 1
        identity = key(self.person.id, kind, ordinal)
        self.resources.append(resource(kind, identity, body))
        return f"{kind}/{identity}"

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.rng.random() < probability

    def moment(self, day: date, earliest: int = 8, latest: int = 15) -> datetime:
        """A time of day on five-minute marks."""
        return clock.at(day, self.rng.randint(earliest, latest), 5 * self.rng.randrange(12))

    def words(self, source: str, name: str, place: Place, part: str = "") -> str:
        """A text of data/`source`.toml in the language of the place, with figures filled in."""
        entry = table(source)[name]
        words: str = entry.get(f"{part}{place.language}") or entry[f"{part}nb"]
        return words.format_map(self.figures)
