"""From a proof to a session: one transaction that uses up what was proved with and puts the session down."""

from collections.abc import Sequence

from felles.access.oidc.claim import Vouched
from felles.access.oidc.refusal import Refusal
from felles.access.session import Proof, Session, begin, begin_lines, renewed, replaced
from felles.access.subject import Register, patient_of, practitioner_of, practitioner_of_pid
from felles.access.table import Tables, put
from felles.record.store import Line


async def proof_of(record: Register, provider: str, kind: str, vouched: Vouched, id_token: str) -> Proof:
    """Who in the record a provider vouches for. Raises Refusal (unknown); nobody is ever created."""
    if kind == "idporten":
        person = await patient_of(record, vouched.pid) if vouched.pid else None
    elif vouched.hpr:
        person = await practitioner_of(record, vouched.hpr)
    else:
        person = await practitioner_of_pid(record, vouched.pid) if vouched.pid else None
    if person is None:
        raise Refusal("unknown", "no match in the record")
    return Proof(person, vouched.level, provider, vouched.subject, vouched.signed, id_token)


async def enter(
    tables: Tables, proof: Proof, role: str | None, now: float, *, secure: bool, used: Sequence[Line] = ()
) -> tuple[Session, str] | None:
    """A new session and its token; None where what was proved with has been used meanwhile."""
    session, token = begin(proof, now, role)
    done = await put(tables, *used, *begin_lines(session, token, secure))
    return (session, token) if done else None


async def prove_again(
    tables: Tables, old: Session, proof: Proof, now: float, *, secure: bool, used: Sequence[Line] = ()
) -> tuple[Session, str] | None:
    """The same work under a new id after a fresh proof; None for another person's, or where the session has ended."""
    if proof.person != old.person:
        return None
    session, token = renewed(old, now, level=proof.level, signed=proof.signed, provider=proof.provider,
                             subject=proof.subject, hint=proof.hint)  # fmt: skip
    return (session, token) if await replaced(tables, old, session, token, secure, used) else None


async def change_role(
    tables: Tables, old: Session, role: str | None, now: float, *, secure: bool
) -> tuple[Session, str] | None:
    """The same work in another role, or for another patient, under a new id; None where the session has ended. Whose
    role it is, is the caller's to know."""
    session, token = renewed(old, now, role=role)
    return (session, token) if await replaced(tables, old, session, token, secure) else None


async def shut(tables: Tables) -> None:
    """Signs everybody out, ends what apps were granted, and voids what is under way: a store from a backup knows of no
    sign-out since."""
    apps = [Line("app grants void", []), Line("app codes void", [])]
    await put(tables, Line("sessions end of everybody", []), Line("attempts end", []), *apps)
