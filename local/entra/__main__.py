"""``python -m local.entra``: the simulator as a process."""

import argparse
import asyncio
import gc
import json
import signal
import ssl
import sys
import uuid
from collections.abc import Sequence

from local.entra import server, settings
from local.entra.calls import managed_identity
from local.entra.calls.provisioning_calls import bulk_upload_path
from local.entra.settings import Settings, Tenant
from local.entra.simulator import Simulator


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop by SIGTERM or SIGINT."""
    options = _parser().parse_args(arguments)
    tenant = Tenant(
        tenant_id=options.tenant_id,
        service_principal_id=options.service_principal_id,
        job_id=options.job_id or settings.job_id_of(options.tenant_id),
        identity_header=options.identity_header,
        renames=not options.keep_user_names,
    )
    behaviour = Settings(
        processing_seconds=options.processing_seconds,
        log_seconds=options.log_seconds,
        verified_domains=tuple(options.verified_domain or Settings.verified_domains),
    )
    tls = None
    if options.cert:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(options.cert, options.key)
    # Records live long and hold no cycles: looking for garbage among them often is most of the work.
    gc.set_threshold(100_000, 50, 100)
    try:
        asyncio.run(_serve(Simulator(tenant, behaviour), options.port, tls))
    except OSError as error:
        print(f"cannot serve on port {options.port}: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(simulator: Simulator, port: int, tls: ssl.SSLContext | None) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    runner, url = await server.start(simulator, port, tls)
    try:
        ready = {
            "ready": True,
            "url": url,
            "provisioningEndpoint": url + bulk_upload_path(simulator.tenant),
            "identityEndpoint": url + managed_identity.PATH,
            "identityHeader": simulator.tenant.identity_header,
        }
        print(json.dumps(ready), flush=True)
        await stopped.wait()
    finally:
        await runner.cleanup()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.entra", description="A stand-in for Microsoft Entra.")
    parser.add_argument("--port", type=int, default=7200, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--tenant-id", type=_guid, default=settings.DEFAULT_TENANT, help="default: %(default)s")
    parser.add_argument(
        "--service-principal-id", default=settings.DEFAULT_SERVICE_PRINCIPAL, help="default: %(default)s"
    )
    parser.add_argument("--job-id", help="default: API2AAD.<tenant id without hyphens>.<guid>")
    parser.add_argument("--identity-header", default=settings.DEFAULT_IDENTITY_HEADER, help="default: %(default)s")
    parser.add_argument("--processing-seconds", type=_seconds, default=1.0, help="from a 202 to the directory")
    parser.add_argument("--log-seconds", type=_seconds, default=1.0, help="from the directory to the log")
    parser.add_argument("--verified-domain", action="append", metavar="DOMAIN", help="may be repeated")
    parser.add_argument(
        "--keep-user-names", action="store_true", help="the job maps the user name only when it creates an account"
    )
    parser.add_argument("--cert", help="PEM file: serve https")
    parser.add_argument("--key", help="PEM file of the private key, if it is not in --cert")
    return parser


def _guid(text: str) -> str:
    return str(uuid.UUID(text))


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise ValueError(text)
    return seconds


if __name__ == "__main__":
    raise SystemExit(main())
