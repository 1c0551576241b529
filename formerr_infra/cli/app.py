"""The `formerr` command's entry point: commands, global behaviour, exit codes.

Exit codes are those of `errors.EXIT_CODES`, each with its errors in `docs/exit-codes.md`.

Commands import what they need when they run, so that `--help` stays quick.
"""

from __future__ import annotations

import io
import sys

import typer

from formerr_infra import cores
from formerr_infra.cli import (
    cost,
    deploy,
    destroy,
    detect,
    doctor,
    drift,
    env,
    health,
    images,
    kubeconfig,
    local,
    pipeline,
    report,
    rollback,
    smoke,
    state,
    sync,
    validate,
)
from formerr_infra.cli.options import shared
from formerr_infra.cli.streams import steady
from formerr_infra.errors import EXIT_CODES

app = typer.Typer(
    name="formerr",
    help="Infrastructure of the Formerr application on DigitalOcean: use what is there, create what is not.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"Exit codes: {', '.join(f'{code} {said}' for code, said in EXIT_CODES.items())}. "
    "FORMERR_TRACEBACK=1 shows tracebacks.",
)
app.command("detect")(shared(detect.detect))
app.command("explain")(shared(detect.explain))
app.command("cost")(shared(cost.cost))
app.command("preview")(shared(deploy.preview))
app.command("deploy")(shared(deploy.deploy))
app.command("report")(shared(report.report))
app.command("validate")(shared(validate.validate))
app.command("doctor")(shared(doctor.doctor))
app.command("health")(shared(health.health))
app.command("sync-staging")(shared(sync.sync_staging))
app.command("destroy")(shared(destroy.destroy))
app.command("drift")(shared(drift.drift))
app.add_typer(env.app, name="env")
app.command("smoke")(shared(smoke.smoke))
app.command("rollback")(shared(rollback.rollback))
app.command("kubeconfig")(shared(kubeconfig.kubeconfig))
app.add_typer(images.app, name="images")
app.add_typer(pipeline.app, name="pipeline")
app.add_typer(local.app, name="local")
app.add_typer(state.app, name="state")


def main() -> None:
    """Run the command; nothing that stops it is shown as a traceback, unless FORMERR_TRACEBACK asks for it."""
    cores.none()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A sign that the output's encoding lacks is no reason to stop.
        sys.stdout.reconfigure(errors="replace")
    steady()
    try:
        app()
    except Exception as error:
        from formerr_infra.cli.ending import stopped

        sys.exit(stopped(error))


if __name__ == "__main__":
    main()
