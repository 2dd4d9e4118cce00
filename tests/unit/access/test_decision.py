"""The decision over random people, relations, locks and questions: what holds whatever is asked."""

import timeit
from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from felles.access.age import turns
from felles.access.decision import Reason, Verdict, What, decide
from felles.access.facts import Facts, Objection, Opening, Relation, Representation, Wish
from felles.access.grace import DAY, counts
from felles.access.ground import HIDDEN_FROM_PARENTS, HIDDEN_FROM_PATIENT, LABEL, Ground
from felles.access.part import WHOLE, Part, Traits
from felles.access.right import OF_PATIENTS, OF_ROLE
from felles.access.who import Kind, Purpose, Role, Who
from felles.record.guard import Act
from felles.record.index.relation import Ground as Made
from felles.record.index.value import key64

NOW = turns(date(2000, 1, 1), 26)
PEOPLE = [f"Practitioner/{one}" for one in "abc"]
UNITS = [f"Organization/{one}" for one in "uvw"]
PATIENT = "Patient/p"
KEY = key64(PATIENT)

moments = st.integers(-400, 400).map(lambda days: NOW + days * DAY)
spans = st.tuples(moments, moments).map(lambda pair: (min(pair), max(pair) + 1))
labels = st.sampled_from([("urn:x", "psych"), ("urn:x", "rus"), (LABEL, HIDDEN_FROM_PARENTS)])
types = st.sampled_from(["Observation", "Condition", "DocumentReference", "Patient"])


@st.composite
def parts(draw: st.DrawFn) -> Part:
    low, high = draw(st.sampled_from([(None, None), (NOW - 9 * DAY, NOW)]))
    return Part(
        frozenset(draw(st.lists(types, max_size=2))),
        frozenset(draw(st.lists(st.integers(1, 4), max_size=2))),
        frozenset(draw(st.lists(labels, max_size=1))),
        low,
        high,
    )


@st.composite
def relations(draw: st.DrawFn) -> Relation:
    ground = draw(st.sampled_from([one for one in Made if one < Made.CONSENT]))
    low, high = draw(spans)
    return Relation(key64(draw(st.sampled_from(PEOPLE + UNITS))), ground, low, high, draw(st.integers(0, 1)))


def wishes(kind: type[Wish], named: bool = False, **more: st.SearchStrategy[object]) -> st.SearchStrategy[Wish]:
    keys = st.frozensets(st.sampled_from([key64(one) for one in PEOPLE]), min_size=int(named), max_size=2)
    span = {"low": st.just(NOW - DAY), "high": st.sampled_from([NOW + DAY, NOW])}
    return st.builds(kind, st.just("c"), keys, st.just(WHOLE) | parts(), **span, **more)


facts_of_somebody = st.builds(
    Facts,
    st.just(KEY),
    st.lists(relations(), max_size=4).map(tuple),
    st.lists(wishes(Wish), max_size=2).map(tuple),
    st.lists(wishes(Wish, named=True), max_size=2).map(tuple),
    st.lists(wishes(Opening, emergency=st.booleans()), max_size=2).map(tuple),
    st.lists(wishes(Objection, purposes=st.just(frozenset({"HQUALITY"}))), max_size=1).map(tuple),
)
roles = st.sampled_from([*sorted(OF_ROLE), "", "ZZ"])


@st.composite
def staff(draw: st.DrawFn) -> Who:
    name, unit = draw(st.sampled_from(PEOPLE)), draw(st.sampled_from(UNITS))
    start, end = draw(st.sampled_from([(None, None), (NOW - DAY, NOW + DAY), (None, NOW), (NOW + 1, None)]))
    role = Role(f"PractitionerRole/{name[-1]}", unit, draw(roles), start, end)
    keys = frozenset(map(key64, (name, role.id, unit)))
    return Who(name, "", Kind.STAFF, role, keys, purpose=draw(st.sampled_from(Purpose)))


traits = st.none() | st.builds(Traits, types, st.integers(1, 4), st.frozensets(labels, max_size=2), st.none() | moments)


def named(who: Who) -> frozenset[int]:
    own = {key64(who.id)}
    return frozenset(own | ({key64(who.role.id), key64(who.role.unit)} if who.role else set()))


def ask(who: Who, facts: Facts, one: Traits | None = None, act: Act = Act.READ, why: Purpose | None = None) -> Verdict:
    what = What(facts, act, one.type if one else None, one, named(who))
    return decide(who, what, why or who.purpose, NOW)


@given(staff(), facts_of_somebody, traits, st.sampled_from([Act.READ, Act.SEARCH, Act.CREATE, Act.UPDATE, Act.DELETE]))
def test_a_yes_always_has_a_ground_and_a_no_always_a_reason(who: Who, facts: Facts, one: Traits, act: Act) -> None:
    verdict = ask(who, facts, one, act)
    assert verdict.allow == (verdict.ground is not None) == (verdict.reason is Reason.GRANTED)


@given(staff(), facts_of_somebody, traits)
def test_who_has_nothing_to_do_with_a_patient_is_refused(who: Who, facts: Facts, one: Traits) -> None:
    alone = replace(facts, relations=(), openings=())
    assert not ask(who, alone, one).allow
    over = tuple(one for one in facts.relations if not counts(one.ground, one.low, one.high, NOW))
    if who.purpose is not Purpose.QUALITY:
        assert not ask(who, replace(facts, relations=over, openings=()), one).allow


@given(staff(), facts_of_somebody)
def test_a_role_that_has_not_begun_or_has_ended_opens_nothing(who: Who, facts: Facts) -> None:
    assert who.role is not None
    for role in (replace(who.role, start=None, end=NOW), replace(who.role, start=NOW + 1)):
        assert ask(replace(who, role=role), facts).reason is Reason.ENDED
    assert not ask(replace(who, role=None), facts).allow


@given(staff(), facts_of_somebody, traits.filter(bool))
def test_a_role_that_may_not_see_a_kind_of_resource_never_does(who: Who, facts: Facts, one: Traits) -> None:
    assert who.role is not None
    if one.type not in OF_ROLE.get(who.role.code, OF_ROLE["XX"]).read:
        assert not ask(who, facts, one).allow


@given(staff(), facts_of_somebody, parts() | st.just(WHOLE), traits.filter(bool))
def test_a_lock_beats_the_role_unless_opened(who: Who, facts: Facts, part: Part, one: Traits) -> None:
    locked = replace(facts, locks=(*facts.locks, Wish("lock", part=part)), openings=())
    if part.holds(one):
        assert not ask(who, locked, one).allow
    elif ask(who, replace(facts, openings=()), one).allow:
        assert ask(who, locked, one).allow


@given(staff(), facts_of_somebody, parts() | st.just(WHOLE), traits.filter(bool))
def test_a_block_beats_an_emergency(who: Who, facts: Facts, part: Part, one: Traits) -> None:
    block = Wish("block", frozenset((key64(who.id),)), part)
    emergency = Opening("open", frozenset((key64(who.id),)), emergency=True)
    blocked = replace(facts, blocks=(block,), openings=(*facts.openings, emergency))
    if part.holds(one):
        assert not ask(who, blocked, one).allow
    elsewhere = replace(blocked, blocks=(replace(block, named=frozenset((1,))),))
    assert ask(who, elsewhere, one).allow >= ask(who, blocked, one).allow


@given(staff(), facts_of_somebody)
def test_an_emergency_opens_locks_for_the_one_it_names(who: Who, facts: Facts) -> None:
    assert who.role is not None
    emergency = Opening("open", frozenset((key64(who.id),)), emergency=True)
    verdict = ask(who, replace(facts, blocks=(), openings=(emergency,)), why=Purpose.TREATMENT)
    at_work = (who.role.start or 0) <= NOW < (who.role.end or NOW + 1)
    assert verdict.allow is at_work
    if at_work:
        assert (verdict.ground, verdict.closed, verdict.by) == (Ground.EMERGENCY, (), "open")


@given(staff(), facts_of_somebody, traits)
def test_more_locks_never_open_and_more_relations_never_close(who: Who, facts: Facts, one: Traits) -> None:
    fewer = replace(facts, locks=facts.locks[1:], blocks=facts.blocks[1:])
    assert ask(who, fewer, one).allow >= ask(who, facts, one).allow
    less = replace(facts, relations=facts.relations[1:])
    if who.purpose is not Purpose.OVERSIGHT:
        assert ask(who, facts, one).allow >= ask(who, less, one).allow


@given(staff(), facts_of_somebody)
def test_quality_work_reads_patients_one_had_to_do_with_who_do_not_object(who: Who, facts: Facts) -> None:
    plain = replace(facts, objections=(), openings=(), locks=(), blocks=())
    verdict = ask(who, plain, why=Purpose.QUALITY)
    if verdict.allow:
        assert verdict.ground is Ground.QUALITY
        assert not ask(who, plain, act=Act.UPDATE, why=Purpose.QUALITY).allow
        against = Objection("no", purposes=frozenset((Purpose.QUALITY.value,)))
        refused = ask(who, replace(plain, objections=(against,)), why=Purpose.QUALITY)
        assert (refused.allow, refused.reason, refused.by) == (False, Reason.OBJECTION, "no")


def as_patient(acts_for: str | None = None, own: str = PATIENT) -> Who:
    return Who(own, "", Kind.PATIENT, acts_for=acts_for, purpose=Purpose.OWN)


def test_the_own_record_is_open_but_for_what_would_harm() -> None:
    facts = Facts(KEY)
    harmful = Traits("Observation", 1, frozenset(((LABEL, HIDDEN_FROM_PATIENT),)))
    assert ask(as_patient(), facts, Traits("Observation", 1)).ground is Ground.OWN
    assert not ask(as_patient(), facts, harmful).allow
    assert not ask(as_patient(own="Patient/q"), facts).allow


births = st.dates(date(1990, 1, 1), date(2026, 12, 31))


@given(births, st.sampled_from(["Observation", "Appointment", "Patient"]))
def test_parents_see_by_age_and_it_turns_at_midnight(born: date, kind: str) -> None:
    child = Facts(KEY, born=(born, born), parents=frozenset((key64("Patient/mother"),)))
    mother = as_patient(PATIENT, "Patient/mother")

    def sees(moment: int, who: Who = mother) -> bool:
        return decide(who, What(child, Act.READ, kind), Purpose.REPRESENTING, moment).allow

    limited = kind in ("Appointment", "Patient")
    assert sees(turns(born, 12) - 1) and sees(turns(born, 12)) is limited
    assert sees(turns(born, 16) - 1) is limited and not sees(turns(born, 16))
    assert not sees(turns(born, 12) - 1, as_patient(PATIENT, "Patient/stranger"))
    hidden = Traits(kind, 1, frozenset(((LABEL, HIDDEN_FROM_PARENTS),)))
    asked = What(child, Act.READ, kind, hidden)
    assert not decide(mother, asked, Purpose.REPRESENTING, turns(born, 5)).allow


@given(births, births)
def test_a_protected_address_neither_represents_nor_is_represented(born: date, now: date) -> None:
    mother, keys = as_patient(PATIENT, "Patient/mother"), frozenset((key64("Patient/mother"),))
    power = Representation("power", keys, reads=True, acts=True)
    moment = turns(now, 0)
    for protected, guarded in ((True, False), (False, True)):
        child = Facts(KEY, born=(born, born), parents=keys, representations=(power,), protected=protected)
        verdict = decide(mother, What(child, guarded=guarded), Purpose.REPRESENTING, moment)
        assert verdict.reason is Reason.PROTECTED


def test_a_power_of_attorney_reads_its_areas_and_acts_only_where_it_says() -> None:
    friend, keys = as_patient(PATIENT, "Patient/friend"), frozenset((key64("Patient/friend"),))
    power = Representation("power", keys, Part(frozenset(("Appointment",))), high=NOW + DAY)
    facts = Facts(KEY, representations=(power,), born=(date(1950, 1, 1), date(1950, 1, 1)))

    def allowed(kind: str, act: Act = Act.READ, given: Facts = facts, moment: int = NOW) -> bool:
        return decide(friend, What(given, act, kind), Purpose.REPRESENTING, moment).allow

    assert allowed("Appointment") and not allowed("Observation")
    assert not allowed("Appointment", Act.CREATE)
    acting = replace(facts, representations=(replace(power, acts=True),))
    assert allowed("Appointment", Act.CREATE, acting)
    assert not allowed("Appointment", moment=NOW + DAY)


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=4), st.booleans())
def test_a_program_does_not_pass_locks(ids: list[str], whole: bool) -> None:
    program = Who("Device/x", "", Kind.SYSTEM)
    part = WHOLE if whole else Part(frozenset(("Observation",)))
    facts = Facts(KEY, locks=tuple(Wish(one, part=part) for one in ids))
    assert decide(
        program, What(facts, Act.READ, "Observation", Traits("Observation", 1)), Purpose.SYSTEM, NOW
    ).allow is (not ids)


def test_every_type_of_patients_is_refused_to_who_has_no_patients() -> None:
    who = Who("Practitioner/a", "", Kind.STAFF, Role("PractitionerRole/a", "Organization/u", "XX"), frozenset((1,)))
    facts = Facts(KEY, (Relation(1, Made.ENCOUNTER),))
    assert not [
        one for one in OF_PATIENTS - {"Schedule"} if decide(who, What(facts, Act.READ, one), who.purpose, NOW).allow
    ]


def test_a_decision_takes_few_microseconds() -> None:
    role = Role("PractitionerRole/a", "Organization/u", "LE")
    who = Who("Practitioner/a", "", Kind.STAFF, role, frozenset(range(2_000)))
    facts = Facts(KEY, (*tuple(Relation(5000 + n, Made.ENCOUNTER) for n in range(60)), Relation(7, Made.ENCOUNTER)))
    what = What(facts, Act.READ, "Observation", None, frozenset((1, 2, 3)))
    seconds = min(timeit.repeat(lambda: decide(who, what, Purpose.TREATMENT, NOW), number=500, repeat=7)) / 500
    assert seconds < 100e-6  # 20 µs on a quiet machine; see the bench


def test_a_consent_that_is_the_only_ground_opens_the_part_it_names() -> None:
    doctor = Who("Practitioner/a", "", Kind.STAFF, Role("PractitionerRole/a", "Organization/u", "LE"))
    names = frozenset((key64("Practitioner/a"),))
    facts = Facts(KEY, openings=(Opening("open", names, Part(frozenset(("Observation",)))),))
    assert ask(doctor, facts, Traits("Observation", 1)).ground is Ground.CONSENT
    assert not ask(doctor, facts, Traits("Condition", 1)).allow
    assert ask(doctor, replace(facts, openings=(Opening("open", names),)), Traits("Condition", 1)).allow


def test_a_privacy_officer_sees_what_is_owed_and_not_the_records_of_the_unit() -> None:
    role = Role("PractitionerRole/a", "Organization/u", "personvernombud")
    officer = Who("Practitioner/a", "", Kind.STAFF, role, frozenset((1,)))
    assert not ask(officer, Facts(KEY, (Relation(1, Made.ENCOUNTER),)), Traits("Task", 1)).allow
    assert ask(officer, Facts(KEY, (Relation(1, Made.DUTY),)), Traits("Task", 1)).allow
