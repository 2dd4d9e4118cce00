"""Deliveries in people's words: nobody reads "sent" before a transport has acknowledged, nor "opened" before somebody
has opened it."""

from collections.abc import Mapping

from felles.delivery.channel import Addressee, Channel
from felles.delivery.letter import channel_of, state_of
from felles.delivery.recovery import Still
from felles.delivery.state import Event, State
from felles.web.chart.words import N_
from felles.web.referral_letter import Json

ROLES: Mapping[str, str] = {
    "patient": N_("Pasienten"), "gp": N_("Fastlegen"), "referrer": N_("Henviseren"), "copy": N_("Kopi"),
}  # fmt: skip
CHANNELS: Mapping[Channel, str] = {
    Channel.MAILBOX: N_("Digital postkasse"), Channel.PRINT: N_("Papir"), Channel.UNIT: N_("Enhetens liste"),
    Channel.MESSAGE: N_("E-melding"), Channel.HAND: N_("For hånd"),
}  # fmt: skip
STATES: Mapping[State, str] = {
    State.QUEUED: N_("I kø"), State.HANDED: N_("Hos kanalen"), State.SENT: N_("Sendt"),
    State.DELIVERED: N_("Levert"), State.REFUSED: N_("Kom i retur"), State.SETTLED: N_("Ordnet på annen måte"),
    State.VOID: N_("Skal ikke sendes"),
}  # fmt: skip
_EXACT: Mapping[tuple[State, Channel], str] = {
    (State.QUEUED, Channel.PRINT): N_("Venter på trykkeriet"),
    (State.QUEUED, Channel.MESSAGE): N_("Kan ikke sendes ennå: mottakeren er utenfor"),
    (State.QUEUED, Channel.HAND): N_("Må leveres for hånd"),
    (State.QUEUED, Channel.MAILBOX): N_("På vei til postkassen"),
    (State.HANDED, Channel.MAILBOX): N_("I postkassen, ikke varslet ennå"),
    (State.HANDED, Channel.PRINT): N_("I en bunke hos trykkeriet"),
    (State.SENT, Channel.MAILBOX): N_("Varslet, ikke åpnet ennå"),
    (State.SENT, Channel.PRINT): N_("Lagt i posten"),
    (State.SENT, Channel.UNIT): N_("I enhetens liste, ikke åpnet ennå"),
    (State.DELIVERED, Channel.MAILBOX): N_("Åpnet"),
    (State.DELIVERED, Channel.UNIT): N_("Åpnet"),
}
FIELDS: Mapping[str, str] = {
    "patient.name": N_("Pasientens navn"), "patient.birth": N_("Fødselsdato"), "unit.name": N_("Enhetens navn"),
    "unit.phone": N_("Enhetens telefonnummer"), "author.name": N_("Navnet ditt"), "date": N_("Dato"),
    "referral.received": N_("Når henvisningen ble mottatt"), "referral.reason": N_("Hva henvisningen gjelder"),
    "referral.referrer": N_("Hvem som henviste"), "referral.deadline": N_("Frist"),
    "appointment.day": N_("Dag for timen"), "appointment.time": N_("Klokkeslett"),
    "appointment.place": N_("Oppmøtested"), "appointment.for": N_("Hva timen gjelder"),
    "encounter.start": N_("Kontakten begynte"), "encounter.end": N_("Kontakten sluttet"), "text": N_("Egen tekst"),
}  # fmt: skip
EVENTS: Mapping[Event, str] = {
    Event.AGAIN: N_("Send på nytt"), Event.SETTLE: N_("Ordnet på annen måte"), Event.VOID: N_("Skal ikke sendes"),
    Event.REFUSE: N_("Kom i retur"),
}  # fmt: skip
STILL: Mapping[Still, str] = {
    Still.RELEVANT: N_("Fortsatt aktuelt"), Still.PAST: N_("Timen er passert"), Still.CALLED_OFF: N_("Avlyst"),
    Still.SEEN: N_("Pasienten har vært her"), Still.DEAD: N_("Mottakeren er død"),
}  # fmt: skip


def standing(delivery: Json) -> str:
    """Where one delivery is, in words."""
    state = state_of(delivery)
    return _EXACT.get((state, channel_of(delivery)), STATES[state])


def why(to: Addressee, channel: Channel) -> str:
    """Why somebody is reached by this channel."""
    if channel is Channel.MAILBOX:
        return N_("har e-post, og har ikke bedt om papir")
    if channel is Channel.UNIT:
        return N_("arbeider i denne journalen")
    if channel is Channel.MESSAGE:
        return N_("er utenfor; blir stående som en plikt til det er ordnet")
    if channel is Channel.HAND:
        return N_("adressen er beskyttet") if to.protected else N_("har verken e-post eller postadresse")
    return N_("har bedt om papir") if to.reserved else N_("har ikke e-post")
