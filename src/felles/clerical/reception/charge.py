"""A share as FHIR: the ChargeItem says what it is for, or why nothing is paid; the Invoice what is owed, or paid.

FHIR R4 chargeitem.html, invoice.html. Amounts are whole kroner. Pure.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from felles.clerical.reception.tariff import Exemption, Rate, words

FEE = "urn:felles:fee"
EXEMPTION = "urn:felles:fee-exemption"
METHOD = "urn:felles:payment"
METHODS = ("card", "cash", "invoice")
PAID = "balanced"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Service:
    """What is paid for. References are "Type/id"; `encounter` is empty for a time that nobody came to."""

    fee: str
    patient: str
    unit: str
    appointment: str
    encounter: str
    moment: str
    day: date


def item(id: str, service: Service, rate: Rate, exemption: Exemption | None, reason: str = "") -> Json:
    """The ChargeItem: billable, or not and why."""
    why = exemption.nb if exemption else reason
    code = [{"system": EXEMPTION, "code": exemption.code}] if exemption else []
    return {
        "resourceType": "ChargeItem",
        "id": id,
        **({"extension": [{"url": EXEMPTION, "valueCoding": code[0]}]} if code else {}),
        "status": "not-billable" if why else "billed",
        "code": {"coding": [{"system": FEE, "code": service.fee}], "text": words(service.fee)},
        "subject": {"reference": service.patient},
        **({"context": {"reference": service.encounter}} if service.encounter else {}),
        "occurrenceDateTime": service.moment,
        "performingOrganization": {"reference": service.unit},
        "priceOverride": _money(0 if why else rate.amount),
        **({"overrideReason": why} if why else {}),
        "supportingInformation": [{"reference": service.appointment}],
    }


def invoice(id: str, charge: str, service: Service, rate: Rate, moment: str, method: str) -> Json:
    """The Invoice of a charge; paid at once with card or cash, otherwise sent."""
    return {
        "resourceType": "Invoice",
        "id": id,
        "extension": [{"url": METHOD, "valueCode": method}],
        "status": "issued" if method == "invoice" else PAID,
        "type": {"coding": [{"system": FEE, "code": service.fee}], "text": words(service.fee)},
        "subject": {"reference": service.patient},
        "issuer": {"reference": service.unit},
        "date": moment,
        "lineItem": [
            {
                "sequence": 1,
                "chargeItemReference": {"reference": f"ChargeItem/{charge}"},
                "priceComponent": [{"type": "base", "amount": _money(rate.amount)}],
            }
        ],
        "totalGross": _money(rate.amount),
        "totalNet": _money(rate.amount),
    }


def _money(amount: int) -> Json:
    return {"value": amount, "currency": "NOK"}


def paid(held: Json, method: str) -> Json:
    """An Invoice that has been paid since."""
    others = [one for one in held.get("extension") or () if one.get("url") != METHOD]
    return {**held, "status": PAID, "extension": [*others, {"url": METHOD, "valueCode": method}]}


def amount(held: Json) -> int:
    """What an Invoice is on, in kroner."""
    return int((held.get("totalGross") or {}).get("value", 0))
