"""A process that lands one file after the other until it is killed; the test starts and kills it.

python killed_landing.py STORE_URL DATA ORGANIZATION FOLDER
"""

import sys
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr

from lamplighter import app
from lamplighter.context import Context
from lamplighter.intake.land import land, recover
from lamplighter.settings import Settings
from lamplighter.store.store import Store
from lamplighter.warehouse.warehouse import Warehouse


def main() -> None:
    url, data, organization, folder = sys.argv[1:]
    app.join()
    settings = Settings(data=Path(data), store_url=SecretStr(url))
    with Store.open(settings) as store:
        context = Context(UUID(organization), store, Warehouse.open(settings))
        recover(context)
        print("ready", flush=True)
        for line in sys.stdin:
            landing = land(context, "ami", Path(folder) / line.strip())
            print(landing.batch, landing.landed, flush=True)


main()
