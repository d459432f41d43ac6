"""The API under /v1. Each module holds one subject's endpoints; each endpoint names the permission it asks for."""

from fastapi import APIRouter

from lamplighter.web.api import audience, bill, catalog, consent, interval, profile, source

router = APIRouter(prefix="/v1")
for module in (profile, bill, interval, audience, consent, source, catalog):
    router.include_router(module.router)

__all__ = ["router"]
