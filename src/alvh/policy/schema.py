"""The form of a policy file as JSON Schema, for editors that complete and check as one types."""

from typing import Any, Literal

from pydantic import BaseModel

from alvh.policy.models import CondorProgramme, HedgePolicy


def policy_schema(kind: Literal["hedge", "programme"]) -> dict[str, Any]:
    """Return the JSON Schema of a policy file.

    What compares one value with another (weights that sum to one, tenors in order) is beyond a
    schema and is judged when the file is loaded.

    Parameters
    ----------
    kind : {"hedge", "programme"}
        Which of the two files.

    Returns
    -------
    dict
        The schema, plain JSON values.

    References
    ----------
    JSON Schema, draft 2020-12.
    """
    model: type[BaseModel] = HedgePolicy if kind == "hedge" else CondorProgramme
    schema: dict[str, Any] = model.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
