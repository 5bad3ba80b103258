"""Sentences for the reason codes of the kernel.

Each sentence may use ``quantity``, ``reading`` and ``threshold`` of its decision; the readings
themselves stay beside it as columns.
"""

from alvh.kernel import codes

SENTENCES: dict[int, str] = {
    codes.R_HELD: "held: {reading:.0f} days to expiry, roll at {threshold:.0f}",
    codes.R_INPUT_MISSING: "nothing traded: an input that prices need is missing on this day",
    codes.R_SCHEDULED_ENTRY: (
        "entered on schedule for a credit of {reading:.2f}, width {threshold:.0f}"
    ),
    codes.R_NOT_ENTRY_DAY: "no entry: not an entry day of the programme",
    codes.R_NO_EXPIRY: "no entry: no listed expiry near {reading:.0f} days",
    codes.R_CREDIT_TOO_SMALL: "no entry: the credit {reading:.2f} is outside what is worth selling",
    codes.R_SIZE_ZERO: "no entry: one condor would risk more than the programme allows",
    codes.R_BUYING_POWER: (
        "cut: {reading:,.0f} USD are free, the size asked for needs {threshold:,.0f}"
    ),
    codes.R_BOOK_FULL: "no entry: {reading:.0f} condors are open, the most the engine carries",
    codes.R_GATE_CLOSED: "no entry: yesterday's VIX of {reading:.2f} closes the gate",
    codes.R_TAKE_PROFIT: (
        "closed at {reading:.2f}, the profit target of a credit of {threshold:.2f}"
    ),
    codes.R_STOP: "closed at {reading:.2f}, the stop on a credit of {threshold:.2f}",
    codes.R_EXIT_DAYS: "closed at {reading:.2f} on its exit day; the credit was {threshold:.2f}",
    codes.R_SETTLED: "settled at {reading:,.2f}; cost or pay-out {threshold:,.2f}",
    codes.R_ROLL_DUE: "sold for {reading:,.0f} USD: roll date reached ({threshold:.0f} days)",
    codes.R_LAYER_FILLED: (
        "bought {quantity:.0f} at {threshold:,.0f} USD each of {reading:,.0f} USD allowed"
    ),
    codes.R_SCHEDULE_ZERO: (
        "not bought: the future at {reading:.2f} is where the schedule holds none"
    ),
    codes.R_BUDGET_TOO_SMALL: (
        "not bought: {reading:,.0f} USD allowed, one structure costs {threshold:,.0f}"
    ),
    codes.R_OFFSET_INFEASIBLE: (
        "infeasible: the offset asked for costs {reading:,.0f} USD, the cap is {threshold:,.0f}"
    ),
    codes.R_METER_EMPTY: (
        "not bought: the meter holds {reading:,.0f} USD, one structure costs {threshold:,.0f}"
    ),
    codes.R_MONETISE_MULTIPLE: (
        "sold {quantity:.0f}: worth {reading:.2f} × cost, rung at {threshold:g} ×"
    ),
    codes.R_MONETISE_VIX: "sold {quantity:.0f}: VIX was {reading:.2f}, rung at {threshold:g}",
    codes.R_WAITING_FOR_ROLL: "in cash: {reading:.0f} days to the next scheduled roll",
    codes.R_NO_CONDORS_TO_HEDGE: "not bought: there are no condors to hedge",
    codes.R_RUINED: "stopped: equity is {reading:,.0f} USD",
    codes.R_SWEEP: "moved {reading:,.0f} USD between cash and the index fund",
    codes.R_WARM_UP: "no entry: the rule needs data that is not known yet",
    codes.R_TILTED: "weight moved from {reading:.3f} to {quantity:.3f}; untilted {threshold:.3f}",
    codes.R_TILT_WAITS: (
        "weight of {threshold:.3f} kept: {reading:.3f} is asked for and not confirmed yet"
    ),
    codes.R_DRIFT: (
        "traded {quantity:+.0f}: shares had drifted by {reading:.3f}, the band is {threshold:.3f}"
    ),
    codes.R_INVERTED: "not bought: the VIX curve is inverted, VIX was {reading:.2f}",
    codes.R_MONETISE_INVERTED: (
        "sold {quantity:.0f}: worth {reading:.2f} × cost while the VIX curve is inverted"
    ),
    codes.R_REENTRY: (
        "sold for {reading:,.0f} USD to buy anew: VIX has fallen back from its high, "
        "{threshold:.0f} days were left"
    ),
    codes.R_STAGE: "bought {quantity:.0f}: part {reading:.0f} of {threshold:.0f} of a re-entry",
    codes.R_ROLL_EXTRINSIC: (
        "sold for {reading:,.0f} USD: time value is spent with {threshold:.0f} days left"
    ),
    codes.R_ROLL_STRENGTH: (
        "sold for {reading:,.0f} USD into strength with {threshold:.0f} days left"
    ),
    codes.R_ROLL_EVENT: (
        "sold for {reading:,.0f} USD: {threshold:.0f} days left do not reach past the next event"
    ),
    codes.R_DEFERRED: (
        "waited: the front future is out of line, session {reading:.0f} of at most {threshold:.0f}"
    ),
    codes.R_SYNTHETIC: (
        "built as put and future: {reading:,.2f} USD saved on ten, parity gap {threshold:.4f}"
    ),
    codes.R_DIRECT: (
        "built as call: put and future would save {reading:,.2f} USD on ten, parity gap "
        "{threshold:.4f}"
    ),
    codes.R_EVENT_AHEAD: "no entry: a scheduled event is near",
    codes.R_PREMIUM_LOW: (
        "no entry: the premium stands at its {reading:.0%} percentile, the floor is {threshold:.0%}"
    ),
    codes.R_SHIFTED: (
        "shifted on: sold for a credit of {reading:.2f} that covers the loss of {threshold:.2f}"
    ),
    codes.R_SHIFT_INFEASIBLE: (
        "loss of {threshold:.2f} taken: the most that a shift brings is {reading:.2f}"
    ),
    codes.R_SHIFTS_SPENT: "loss of {reading:.2f} taken: shifted {threshold:.0f} times already",
    codes.R_SHIFT_ENDED: "a position shifted {threshold:.0f} times ended at {reading:+.2f} points",
    codes.R_QUICK_RATIO: "no entry: the quick ratio is {reading:.2f}, the least is {threshold:.2f}",
    codes.R_STEWARD: (
        "no entry: the tail of the book is {reading:.1%} of equity, the steward's limit "
        "{threshold:.1%}"
    ),
    codes.R_NO_SOUND_PRICE: (
        "not bought: by the quotes one structure costs {reading:,.0f} USD; they contradict each "
        "other"
    ),
}


def sentence(reason: int, quantity: float, reading: float, threshold: float) -> str:
    """Return the reason in words.

    Parameters
    ----------
    reason : int
        Code of ``alvh.kernel.codes``.
    quantity, reading, threshold : float
        Figures of the decision; their units are those the sentence names.

    Returns
    -------
    str
        One sentence without a full stop.
    """
    return SENTENCES[reason].format(quantity=quantity, reading=reading, threshold=threshold)
