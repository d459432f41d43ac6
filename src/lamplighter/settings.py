"""How an installation is set: environment variables ``LAMPLIGHTER_*``; the defaults run the demo."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read once at start and passed on; nothing reads the environment later."""

    model_config = SettingsConfigDict(env_prefix="LAMPLIGHTER_", extra="ignore", frozen=True)

    data: Path = Field(
        Path("lamplighter-data"), description="Folder of the embedded store, warehouse and files."
    )
    store_url: SecretStr | None = Field(
        None,
        description="PostgreSQL as postgresql://owner:password@host/database, a role that may create roles and "
        "tables. Unset: a private server is started under the data folder.",
    )
    app_password: SecretStr | None = Field(
        None, description="Password of the plain role lamplighter_app on that server; generated where unset."
    )
    warehouse_engine: str = Field("duckdb", description="Engine plug-in that holds the facts.")
    warehouse_memory: str = Field("2GB", description="Memory limit of the embedded warehouse.")
    environment: Literal["development", "production"] = Field(
        "development", description="production refuses generated secrets and plain HTTP cookies."
    )
    master_key: SecretStr | None = Field(
        None,
        description="Base64 of 32 bytes that seals credentials, files and signed links. Unset: generated once into "
        "the data folder (development only).",
    )
    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8000, description="Port the web server listens on.")
    base_url: str | None = Field(None, description="Public address; default http://host:port.")
