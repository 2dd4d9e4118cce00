"""Emergency openings as the pages see them: whether this visitor stands in one, and until when."""

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request

from felles.access import desk
from felles.access.consent import lift
from felles.access.emergency import ends
from felles.access.ground import CONSENT, Kind
from felles.web.chart.moment import OSLO
from felles.web.source import decode
from felles.web.visit import site_of, visit_of


@dataclass(frozen=True, slots=True)
class Opening:
    """A record that is open to the visitor by break-glass: the Consent's id, the patient's, and the end as HH:MM."""

    id: str
    patient: str
    until: str


def at_work(request: Request) -> desk.Sitting | None:
    """The sitting with whose name it belongs to; None for whoever has none."""
    sitting = visit_of(request).sitting
    return sitting if isinstance(sitting, desk.Sitting) else None


async def opening(request: Request, of: str = "") -> Opening | None:
    """The visitor's own running emergency opening of the patient of this page, or of another (helsepersonelloven
    § 45)."""
    site, who, patient = site_of(request), visit_of(request).who_id, of or request.path_params.get("id")
    if who is None or patient is None or not who.startswith("Practitioner/"):
        return None
    asked = [
        ("patient", f"Patient/{patient}"), ("actor", who), ("category", f"{CONSENT}|{Kind.EMERGENCY.value}"),
        ("status", "active"), ("_sort", "-date"),
    ]  # fmt: skip
    now = int(site.clock() * 1e6)
    for one in decode(await site.record.search("Consent", asked)):
        end = ends(one)
        if end is not None and end > now:
            until = datetime.fromtimestamp(end / 1e6, OSLO).strftime("%H:%M")
            return Opening(str(one["id"]), str(patient), until)
    return None


async def end(request: Request) -> None:
    """Ends the visitor's own opening now; nothing where there is none."""
    sitting, found = at_work(request), await opening(request)
    if sitting is not None and found is not None:
        now = int(site_of(request).clock() * 1e6)
        await lift(sitting.record, Kind.EMERGENCY, f"Patient/{found.patient}", found.id, now)
