"""The facts of patients, read from the store and kept by epoch: a yes counts only at the epochs it was made at.

Epochs are read before the rest, so that what is kept is never older than the epoch it is kept under.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from felles.access import age
from felles.access.epoch import among, epochs, listed
from felles.access.facts import Facts, Relation
from felles.access.ground import CONSENT, Kind
from felles.access.parent import is_parent, parents
from felles.access.wish import Wishes
from felles.record import definition
from felles.record.index.leaf import code_key, system_key
from felles.record.index.term import parameters
from felles.record.protection import protection_of
from felles.record.store.transaction import Reading

KEPT = 50_000
"""Patients whose facts a process keeps."""
_TYPES = {definition.type_number(name): name for name in ("Patient", "Consent", "RelatedPerson")}
_CATEGORY = ", ".join(map(str, parameters("Consent")["category"].numbers))
_NUMBERS = ", ".join(map(str, sorted(_TYPES)))
Json = dict[str, Any]


class Dossier:
    """The facts of one store's patients, for all requests of a process."""

    def __init__(self, store: Reading) -> None:
        self._store = store
        self._kept: OrderedDict[int, tuple[int, Facts]] = OrderedDict()

    def kept(self, patient: int, epoch: int) -> Facts | None:
        """The facts if they are those of this epoch."""
        found = self._kept.get(patient)
        return found[1] if found is not None and found[0] == epoch else None

    async def of(self, patients: Iterable[int], numbers: Mapping[int, int]) -> dict[int, Facts]:
        """The facts of these patients at their epochs: what is kept of them, else read."""
        found, missing = {}, []
        for patient in patients:
            kept = self.kept(patient, numbers.get(patient, 0))
            if kept is None:
                missing.append(patient)
            else:
                found[patient] = kept
        return found | await self.read(missing) if missing else found

    async def read(self, patients: Sequence[int]) -> dict[int, Facts]:
        """The facts as they are now."""
        numbers = (await epochs(self._store, patients)).patients
        relations, bodies = await self._relations(patients), await self._bodies(patients)
        found = {}
        for patient in patients:
            facts = await self._facts(patient, relations[patient], bodies[patient])
            found[patient] = facts
            self._keep(patient, numbers[patient], facts)
        return found

    def _keep(self, patient: int, epoch: int, facts: Facts) -> None:
        self._kept[patient] = (epoch, facts)
        self._kept.move_to_end(patient)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    async def _relations(self, patients: Sequence[int]) -> dict[int, list[Relation]]:
        sql = (
            "SELECT DISTINCT patient, subject, ground, low, high, state FROM relation_index "  # noqa: S608
            f"WHERE {among(self._store, 'patient')}"
        )
        found: dict[int, list[Relation]] = defaultdict(list)
        for patient, *row in await self._store.rows(sql, listed(self._store, patients)):
            found[patient].append(Relation(*row))
        return found

    async def _bodies(self, patients: Sequence[int]) -> dict[int, dict[str, list[Json]]]:
        sql = (
            "SELECT patient, type, body FROM resource "  # noqa: S608
            f"WHERE {among(self._store, 'patient')} AND type IN ({_NUMBERS}) AND deleted = 0 AND patient <> 0"
        )
        found: dict[int, dict[str, list[Json]]] = defaultdict(lambda: defaultdict(list))
        for patient, kind, body in await self._store.rows(sql, listed(self._store, patients)):
            found[patient][_TYPES[kind]].append(orjson.loads(body))
        return found

    async def _facts(self, patient: int, relations: list[Relation], bodies: dict[str, list[Json]]) -> Facts:
        wishes = Wishes()
        for consent in bodies["Consent"]:
            wishes.add(consent)
        person = bodies["Patient"][0] if bodies["Patient"] else {}
        born = age.births(person.get("birthDate"))
        near = [one for one in bodies["RelatedPerson"] if is_parent(one)]
        return Facts(
            patient,
            tuple(relations),
            tuple(wishes.locks),
            tuple(wishes.blocks),
            tuple(wishes.openings),
            tuple(wishes.objections),
            tuple(wishes.representations),
            await parents(self._store, person, near) if near else frozenset(),
            born,
            protection_of(person) is not None,
        )

    async def related(self, keys: Iterable[int]) -> list[tuple[int, int, int, int]]:
        """(patient, ground, low, high) of all relations to any of these subjects, ended ones too."""
        sql = f"SELECT DISTINCT patient, ground, low, high FROM relation_index WHERE {among(self._store, 'subject')}"  # noqa: S608
        return [(row[0], row[1], row[2], row[3]) for row in await self._store.rows(sql, listed(self._store, keys))]

    async def closed(self) -> frozenset[int]:
        """Patients who have, or had, any lock or block."""
        sql = (
            f"SELECT DISTINCT patient FROM token_index WHERE term IN ({_CATEGORY}) AND code IN ($1, $2) AND system = $3"  # noqa: S608
        )
        rows = await self._store.rows(sql, (code_key(Kind.LOCK), code_key(Kind.BLOCK), system_key(CONSENT)))
        return frozenset(row[0] for row in rows)
