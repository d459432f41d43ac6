"""Consents entered by a program or by staff for a customer: each becomes a receipt."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from lamplighter.context import Context
from lamplighter.customers import consent
from lamplighter.web.api.answer import IdempotencyKey, once
from lamplighter.web.door import allowed

router = APIRouter(prefix="/consents", tags=["consents"])
Writer = Annotated[Context, Depends(allowed("consents.write"))]


class NewDecision(BaseModel):
    """One decision of one person."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {
        "profile_id": "pr_7f3a", "purpose": "rate_advice", "decision": "given", "locale": "en",
        "evidence": {"by": "phone", "call": "88-1203"}}})  # fmt: skip

    profile_id: str = Field(max_length=100)
    purpose: str = Field(max_length=100)
    decision: Literal["given", "denied", "withdrawn"]
    scope: str = Field("", max_length=100)
    channel: str = Field("", max_length=20)
    locale: str = Field("en", max_length=20)
    recipients: list[str] = Field(default_factory=list, max_length=50)
    valid_until: datetime | None = None
    evidence: dict[str, Any] = Field(default_factory=dict)


@router.post("", status_code=201, summary="Record a decision")
def decide(context: Writer, body: NewDecision, key: IdempotencyKey = None) -> Response:
    """Answers the receipt's id. A consent binds the text shown: its version and hash stand in the receipt."""

    def do() -> dict[str, Any]:
        told: dict[str, Any] = {"now": context.now, "actor": str(context.actor), "scope": body.scope, "channel": body.channel,
                "evidence": body.evidence}  # fmt: skip
        with context.session() as session:
            if body.decision == "given":
                receipt = consent.give(
                    session, body.profile_id, body.purpose, locale=body.locale, recipients=body.recipients,
                    valid_until=body.valid_until, **told,
                )  # fmt: skip
            elif body.decision == "denied":
                receipt = consent.deny(session, body.profile_id, body.purpose, **told)
            else:
                receipt = consent.revoke(session, body.profile_id, body.purpose, **told)
        return {"receipt_id": receipt, "profile_id": body.profile_id, "decision": body.decision}

    return once(context, key, "consent", body.model_dump(mode="json"), do, 201)
