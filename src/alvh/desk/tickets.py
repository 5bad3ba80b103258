"""A ticket as the rules judge it: what it opens, what it may lose, what it may cost."""

from typing import Literal

from pydantic import Field

from alvh.policy.checks import Count, Flag, PolicyModel, Real, Text

Sleeve = Literal["condors", "short", "medium", "tail"]


class Ticket(PolicyModel):
    """An order for one structure, before it is written for any broker.

    Everything that caps are measured by stands here and is judged when the ticket is recorded; the
    legs, prices and broker's forms travel beside it.
    """

    ticket: Text = Field(min_length=1, description="its name, used once")
    decision: Text = Field(min_length=64, max_length=64, description="SHA-256 of the decision")
    sleeve: Sleeve = Field(description="what it trades for")
    instrument: Text = Field(min_length=1, description="expiry and strikes, one text a structure")
    opens: Flag = Field(description="whether any leg goes further from zero")
    quantity: Count = Field(gt=0, description="structures ordered")
    asked: Count = Field(ge=0, description="structures that the rule asked for")
    max_loss: Real = Field(ge=0, description="most that what it opens can lose, USD")
    outlay: Real = Field(ge=0, description="most it can cost at its limit, fees included, USD")
    equity: Real = Field(gt=0, description="equity that the decision rested on, USD")
