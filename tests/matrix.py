"""Who may what, as a table: every route of the pages and every interaction of the API, for every kind of visitor.

Whoever adds a route adds its row here; a route without one fails tests/integration/test_matrix.py.
"""

from __future__ import annotations

STAFF = ("doctor", "nurse", "other", "zone", "clerk", "manager", "leder", "administrator", "personvernombud")
"""`doctor`, `nurse` and `clerk` work in the ward where the patient lies; `other` in another, `zone` in the town,
`manager` in a role without patients; the last three in the offices of the ward."""
PATIENTS = ("anna", "berit")
"""The patient whose record is asked for, and another."""
EVERYBODY = frozenset((*STAFF, *PATIENTS))
WORKERS = frozenset(STAFF)
HOME = frozenset(PATIENTS)
OFFICER = frozenset(("personvernombud",))
REGISTER = frozenset(("leder", "administrator", "personvernombud"))
GIVERS = frozenset(("leder", "administrator"))
CARE = frozenset(("doctor", "nurse", "clerk", "leder"))
"""Those to whom a relation in the patient's unit opens the record."""
FINDERS = frozenset(("doctor", "nurse", "other", "zone", "clerk", "leder"))
REFERRED = frozenset(("doctor", "nurse", "other", "zone", "clerk"))
"""Those to whose role referrals belong."""
CLERKS = frozenset(("clerk",))
"""Those who take payment."""

PAGES: dict[str, frozenset[str]] = {
    **dict.fromkeys(("/", "/start", "/account", "/palette", "/language", "/sign-out", "/step-up"), EVERYBODY),
    **dict.fromkeys(("/sign-in", "/sign-in/", "/invitation", "/invitation/", "/static/"), EVERYBODY),
    "/account/": EVERYBODY,
    "/role": WORKERS,
    **dict.fromkeys(("/duties", "/duties.csv", "/duties/", "/balance", "/balance.csv", "/balance/"), WORKERS),
    **dict.fromkeys(("/referrals", "/referrals.csv", "/referrals/", "/calendar"), REFERRED),
    "/calendar/": REFERRED,
    "/patients": FINDERS,
    "/round": frozenset(("doctor", "nurse", "other", "zone")),
    **dict.fromkeys(("/letters", "/letters/", "/print", "/print/"), REFERRED),
    **dict.fromkeys(("/templates", "/templates/"), REFERRED | {"administrator"}),
    **dict.fromkeys(("/rollout", "/rollout/"), WORKERS),
    "/rollout/decision": frozenset(),
    **dict.fromkeys(("/steering", "/steering.csv", "/steering/"), WORKERS),
    **dict.fromkeys(("/reports", "/reports.csv"), FINDERS),
    "/coding/": frozenset(("doctor", "nurse", "other", "zone")),
    **dict.fromkeys(("/reception", "/reception/"), CLERKS),
    "/own/": HOME,
    "/find": FINDERS,
    "/patient/{id}/emergency": FINDERS,
    "/patient/{id}/wishes": CARE,
    **dict.fromkeys(("/patient/{id}/medicines", "/patient/{id}/medicines/"), frozenset(("doctor", "nurse"))),
    **dict.fromkeys(("/patient/{id}/drug-chart", "/patient/{id}/drug-chart/"), frozenset(("doctor", "nurse"))),
    **dict.fromkeys(
        (f"/patient/{{id}}/medicines/{act}" for act in ("new", "stop", "renew", "reconcile", "prescription")),
        frozenset(("doctor",)),
    ),
    **dict.fromkeys(("/patient/{id}/refer", "/patient/{id}/letters", "/patient/{id}/letters/"), CARE - {"leder"}),
    **dict.fromkeys(
        (
            "/patient/{id}/vitals",
            "/patient/{id}/notes",
            "/patient/{id}/notes/",
            "/patient/{id}/orders",
            "/patient/{id}/orders/",
            "/patient/{id}/problems",
            "/patient/{id}/problems/",
        ),
        frozenset(("doctor", "nurse")),
    ),
    "/patient/{id}/results/": frozenset(("doctor", "nurse")),
    **dict.fromkeys(("/patient/{id}", "/patient/{id}/results", "/patient/{id}/print"), CARE | {"anna"}),
    **dict.fromkeys(("/authorisations", "/authorisations.csv", "/authorisations/people"), REGISTER),
    "/authorisations/person/{id}": REGISTER,
    "/authorisations/person/{id}/": GIVERS,
    **dict.fromkeys(("/oversight", "/oversight/"), OFFICER),
}
"""Path, or with a slash at its end all below it → who is let in. The longest that fits counts."""

IN = ("/", "/sign-in", "/invitation", "/static/", "/language", "/sign-out", "/step-up")
"""What strangers are answered at: the way in. (`/step-up` and `/sign-out` do nothing without a session.)"""

ON = {200, 201, 204}
NONE = {403, 404}
"""Refused; 404 where not even that it exists is said."""

API: dict[str, dict[str, set[int]]] = {
    "GET Patient/anna": {"doctor nurse clerk leder anna SYSTEM": ON, "": NONE},
    "GET Observation/pulse": {"doctor nurse anna SYSTEM": ON, "": NONE},
    "GET Observation/pulse/_history/1": {"doctor nurse anna SYSTEM": ON, "": NONE},
    "GET Observation/pulse/_history": {"doctor nurse anna SYSTEM": ON, "": NONE},
    "GET Patient/anna/$everything": {"doctor nurse anna SYSTEM": ON, "": NONE},
    "PUT Observation/pulse": {"doctor nurse SYSTEM": ON, "": NONE},
    "PATCH Observation/pulse": {"doctor nurse SYSTEM": ON, "": NONE},
    "DELETE Observation/spare": {"SYSTEM": ON, "": NONE},
    "POST Observation": {"doctor nurse SYSTEM": ON, "": NONE},
    "PUT Observation?identifier=urn:x|1": {"doctor nurse SYSTEM": ON, "": NONE},
    "PATCH Observation?identifier=urn:x|1": {"doctor nurse SYSTEM": ON, "": NONE},
    "DELETE Observation?identifier=urn:x|2": {"SYSTEM": ON, "": NONE},
}
"""Interaction → who → the answers that are right; "" is everybody else. Where an answer is a list, what is in it is
looked at as well (LISTS)."""

LISTS: dict[str, str] = {
    "GET Patient/anna/Observation": "doctor nurse anna SYSTEM",
    "POST Patient/anna/Observation/_search": "doctor nurse anna SYSTEM",
    "GET Observation?_id=pulse": "doctor nurse anna SYSTEM",
    "POST Observation/_search": "doctor nurse anna SYSTEM",
    "GET ?_type=Observation&_id=pulse": "doctor nurse anna SYSTEM",
    "POST _search": "doctor nurse anna SYSTEM",
    "GET _history": "doctor nurse anna SYSTEM",
    "GET Observation/_history": "doctor nurse anna SYSTEM",
    "POST ": "doctor nurse anna SYSTEM",
}
"""Interactions that answer with a Bundle → who sees the observation in it; everybody else gets a Bundle without it, or
a refusal."""

OPERATIONS = {"everything"}
"""Those that give what a read would give, rowed above. The rest is called through `CALLS`."""
CALLS: dict[str, str] = {
    "Patient/$match": "doctor nurse other zone gp chief clerk",
    "Patient/$merge": "clerk",
    "Patient/$unmerge": "clerk",
    "Patient/anna/$move-facts": "clerk",
    "Patient/anna/$newborn": "doctor nurse other zone gp chief clerk",
    "Patient/$unknown": "doctor nurse other zone gp chief clerk",
    "Patient/anna/$identify": "doctor nurse other zone gp chief clerk",
}
"""Operations on whole records or the directory of people → the staff who may call them at all; on records that are open
to them, others are not there."""
