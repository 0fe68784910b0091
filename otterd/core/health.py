"""The ward: which alphas may be given work, told by probes and by what requests came to.

Only what is an alpha's own fault counts. What it refuses (draining, not ready) takes it out at once;
what it may recover from (a fault, silence) takes it out for a while, and never more than half of all.
"""

from collections.abc import Callable, Collection, Mapping
from math import inf
from statistics import median
from typing import Final

from otterd.core.judge import FINE, Verdict
from otterd.core.lag import Lag
from otterd.core.patient import FIRST_WEIGHT, Patient
from otterd.core.standing import Bounds, Probed, Standing, Status

__all__ = ["Bounds", "Probed", "Standing", "Status", "Ward"]

FAR: Final = 10.0
"""How many times as long as usual an answer must take to be a sign of hanging."""

SIGNS: Final = 3
"""Signs of hanging, one after the other and no quick answer between them, that take an alpha out."""

SHARE: Final = 0.02
"""How much one answer moves what is usual."""

REFUSING: Final = {Verdict.DRAINING: Status.DRAINING, Verdict.NOT_READY: Status.NOT_READY}
FAULTS: Final = {
    Verdict.NOT_REACHED: "it could not be reached",
    Verdict.LOST: "its connections broke",
    Verdict.THROTTLED: "it has more requests than it takes",
}
SAID: Final = {
    Verdict.DRAINING: "it is draining",
    Verdict.NOT_READY: "it is not ready to accept requests",
}
SLOW: Final = "its answers took far longer than usual"

Told = Callable[[str, Standing], None]
"""Hears of each change of an alpha's status."""


class Ward:
    """Holds the state of each alpha; `usable` are those that may be given work, none when all look dead.

    Times are seconds on one steady clock, given by the caller. `bounds` may be replaced at any time.
    """

    def __init__(self, bounds: Bounds, lag: Lag | None = None, told: Told | None = None) -> None:
        self.bounds = bounds
        self.usable: frozenset[str] = frozenset()
        self.even = False
        """Whether each alpha is usable and weighs the same."""
        self.lag = lag if lag is not None else Lag()
        self._told = told
        self._patients: dict[str, Patient] = {}

    def muster(self, addresses: Collection[str], now: float) -> None:
        """Watch exactly `addresses` from now on; nothing is known of a new one but that it is there."""
        late = bool(self._patients)
        self._patients = {
            address: self._patients.get(address) or Patient(now, late=late) for address in addresses
        }
        self.lag.keep(addresses)
        self._settle(now)

    def probed(self, address: str, now: float, probed: Probed) -> None:
        """Take in what a probe found."""
        patient = self._patients.get(address)
        if patient is None:
            return
        patient.probed = probed
        if probed.good:
            self._good(address, patient, now, probed)
        else:
            self._bad(address, patient, probed)
        self._settle(now)

    def heard(self, address: str, now: float, verdict: Verdict, seconds: float) -> None:
        """Take in what a request came to after `seconds`; only an alpha's own faults count."""
        patient = self._patients.get(address)
        if patient is None:
            return
        if verdict is FINE:
            usual = patient.usual
            if seconds < self.bounds.hang:
                patient.usual = usual + (seconds - usual) * SHARE if usual else seconds
                patient.quick_at = now
                patient.faults = patient.signs = 0
                return
            patient.faults = 0
            # Who answers probes at once meanwhile does not hang: it was asked for much.
            if patient.well_at < now - seconds:
                self._slow(address, patient, now, seconds)
            patient.usual = usual + (seconds - usual) * SHARE if usual else seconds
        elif verdict is Verdict.TIMED_OUT:
            self._slow(address, patient, now, seconds)
        elif verdict in FAULTS:
            patient.faults += 1
            if patient.faults >= self.bounds.faults:
                self._eject(address, patient, now, FAULTS[verdict])
        elif verdict in REFUSING and patient.refusing is not REFUSING[verdict]:
            patient.refuse(REFUSING[verdict], SAID[verdict])
            self._settle(now)

    def tick(self, now: float) -> None:
        """End what is over by `now`."""
        self._settle(now)

    def why(self, address: str, now: float) -> str:
        """Return in one sentence why the alpha is given no work, "" when it is usable."""
        patient = self._patients.get(address)
        if patient is None:
            return "it is not an alpha of this gateway"
        reason = patient.reason()
        if patient.status is Status.EJECTED and patient.ejected_until is not None:
            return f"left out for another {max(patient.ejected_until - now, 0.0):.0f} s: {reason}"
        return reason

    def standing(self, address: str) -> Standing | None:
        """Return how one alpha stands, None when it is not watched."""
        patient = self._patients.get(address)
        return patient.standing() if patient is not None else None

    def states(self) -> Mapping[str, Standing]:
        """Return how each alpha stands."""
        return {address: patient.standing() for address, patient in self._patients.items()}

    def weight(self, address: str, now: float) -> float:
        """Return the alpha's share of work, above 0 and at most 1: it grows while it is new or just back."""
        patient = self._patients.get(address)
        if patient is None:
            return FIRST_WEIGHT
        if patient.rising is None and patient.status is Status.USABLE:
            return 1.0
        return patient.weight(self.bounds, now)

    def _good(self, address: str, patient: Patient, now: float, probed: Probed) -> None:
        patient.bads = 0
        patient.goods += 1
        patient.group = probed.group or patient.group
        if probed.seconds < self.bounds.hang:
            patient.well_at = now
        if probed.max_assigned is not None:
            self.lag.told(address, now - probed.seconds, probed.max_assigned)
        if patient.goods >= self.bounds.rise or not patient.well_once:
            patient.up, patient.refusing, patient.hanging = True, None, False
            patient.well_once = True
        self._compare(address, patient)

    def _bad(self, address: str, patient: Patient, probed: Probed) -> None:
        patient.goods = 0
        patient.bads += 1
        patient.said = probed.reason
        if probed.verdict in REFUSING:
            patient.up = True
            patient.refuse(REFUSING[probed.verdict], probed.reason)
        elif patient.bads >= self.bounds.fall or not patient.well_once:
            # From here on the probes decide: who is known to be down takes no place among those left out.
            patient.forgive()
            patient.up = False
        elif probed.verdict is Verdict.TIMED_OUT and self._has_room(address, patient):
            patient.hanging = True

    def _compare(self, address: str, patient: Patient) -> None:
        """Find out whether the data of an alpha that just told is too old."""
        group = patient.group
        peers = [a for a, other in self._patients.items() if other.alive and other.group == group]
        patient.behind = self.lag.behind(address, peers)
        # Who was too far behind must have caught up well, or it would come and go at the limit.
        limit = self.bounds.lag / 2 if patient.lagging else self.bounds.lag
        patient.lagging = patient.behind > limit

    def _slow(self, address: str, patient: Patient, now: float, seconds: float) -> None:
        """Count a sign of hanging, if it is one.

        While a group elects a leader everything hangs everywhere: it counts only when another alpha
        answered meanwhile, and a heap of requests that hung together is one sign.
        """
        began = now - seconds
        if seconds < self.bounds.hang or seconds <= FAR * patient.usual or began < patient.sign_at:
            return
        others = [
            other.usual
            for other in self._patients.values()
            if other is not patient and other.status is Status.USABLE and other.quick_at > began
        ]
        if not others or seconds <= FAR * median(others):
            return
        patient.signs += 1
        patient.sign_at = now
        if patient.signs >= SIGNS:
            self._eject(address, patient, now, SLOW)

    def _eject(self, address: str, patient: Patient, now: float, why: str) -> None:
        """Leave the alpha out for a while, the longer the more often it came to that lately."""
        if not self._has_room(address, patient):
            return
        patient.eject(self.bounds, now, why)
        self._settle(now)

    def _has_room(self, address: str, patient: Patient) -> bool:
        """Tell whether a usable alpha may be left out: others are usable and half of all stay."""
        if patient.status is not Status.USABLE or self.usable <= {address}:
            return False
        out = sum(other.out for other in self._patients.values())
        return (out + 1) * 2 <= len(self._patients)

    def _settle(self, now: float) -> None:
        """Work out anew who is usable."""
        patients = self._patients
        for patient in patients.values():
            if patient.ejected_until is not None and now >= patient.ejected_until:
                patient.forgive()
        out = sorted((p for p in patients.values() if p.out), key=lambda p: p.ejected_until or inf)
        for patient in out[: max(len(out) - len(patients) // 2, 0)]:
            patient.forgive()
        self._relent()
        changed = [(a, p) for a, p in patients.items() if p.judge() is not p.status]
        for _, patient in changed:
            fresh = patient.status is Status.UNKNOWN and not patient.late
            patient.status, patient.since = patient.judge(), now
            if patient.status is Status.USABLE and not fresh:
                patient.rising = now
        usable = frozenset(a for a, p in patients.items() if p.status is Status.USABLE)
        if usable != self.usable:
            self.usable = usable
        self.even = len(usable) == len(patients) and all(p.rising is None for p in patients.values())
        if self._told is not None:
            for address, patient in changed:
                self._told(address, patient.standing())

    def _relent(self) -> None:
        """Take back those left out or behind when nobody else is left."""
        alive = [patient for patient in self._patients.values() if patient.alive]
        if any(patient.judge() is Status.USABLE for patient in alive):
            return
        for patient in alive:
            patient.forgive()
        if all(patient.lagging for patient in alive):
            for patient in alive:
                patient.lagging = False
