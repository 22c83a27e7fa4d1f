"""`demo`: the whole job on a city in a box."""

import sys
from contextlib import ExitStack
from pathlib import Path

import click

from ipv6check.cli.main import Exit, Options, cli, ends_with, pass_options
from ipv6check.cli.measuring import SITE, publish, run_scan


@cli.command()
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), default=Path("results/demo"), show_default=True)
@pass_options
@ends_with
def demo(options: Options, output: Path) -> int:
    """Scan a small city in a box: invented agencies on servers of our own, in a network namespace that nothing leaves.

    Where namespaces are forbidden the same runs on paper, without sockets. The city has a configuration of its own, whatever
    stands elsewhere, and a database unless one is named.
    """
    from ipv6check.config import load
    from ipv6check.lab import namespace, paper
    from ipv6check.lab.fake import fake_network
    from ipv6check.lab.reading import load as load_world
    from ipv6check.lab.servers import served
    from ipv6check.plan import make_plan
    from ipv6check.reports.folder import require_place
    from ipv6check.targets import read

    if options.config:
        raise click.UsageError("the city has a configuration of its own: leave out --config")
    require_place(output / SITE)
    if not namespace.is_entered():
        if not (obstacle := namespace.obstacle()):
            given = ["--lang", options.language, *(["--db", options.url] if options.url else [])]
            namespace.enter([sys.executable, "-m", "ipv6check", *given, "demo", "--output", str(output)])
        click.echo(
            f"no network namespace can be made here ({obstacle}): the city is scanned on paper, without sockets", err=True
        )
    world, directory = load_world(), output / "city"
    with ExitStack() as stack:
        if namespace.is_entered():
            namespace.prepare(world)
            lab, network = stack.enter_context(served(world, directory)), None
        else:
            lab, network = paper.write(world, directory), fake_network(world)
        url = options.url or f"sqlite:///{output / 'ipv6check.db'}"
        settings = load(lab.configuration, {"store": {"url": url}}, is_alone=True)
        click.echo(
            f"{len(world.agencies)} invented agencies; their resolver does not validate: DNSSEC is not measured", err=True
        )
        plan = make_plan(read(lab.targets).targets, lambda domain: False)
        run_id, code = run_scan(settings, plan, network=network)
    if code is Exit.INTERRUPTED:
        return code
    publish(settings, run_id, output, options.language)
    return Exit.DONE
