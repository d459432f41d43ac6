"""The five roles of staff, and what each may do. Endpoints ask for a permission, never for a role."""

PERMISSIONS: dict[str, frozenset[str]] = {
    "administrator": frozenset(
        {
            "customers.read",
            "customers.search",
            "audiences.read",
            "audiences.write",
            "data.read",
            "data.write",
            "staff.manage",
            "audit.read",
            "consents.write",
            "privacy.write",
            "settings.write",
        }
    ),
    "analyst": frozenset({"audiences.read", "audiences.write", "data.read"}),
    "campaign_manager": frozenset({"customers.search", "audiences.read", "audiences.write", "data.read"}),
    "customer_service": frozenset({"customers.read", "customers.search", "consents.write"}),
    "privacy_officer": frozenset(
        {
            "customers.read",
            "customers.search",
            "audiences.read",
            "data.read",
            "audit.read",
            "consents.write",
            "privacy.write",
        }
    ),
}
"""Role → what it may do."""

ROLES = tuple(PERMISSIONS)
