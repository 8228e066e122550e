"""The verbs of the command line. Each module adds one; heavy imports wait until it is run."""

from __future__ import annotations

from bridge.commands import (
    adapt,
    anchor,
    bench,
    compare,
    data,
    demo,
    doctor,
    ensemble,
    evaluate,
    export,
    info,
    models,
    play,
    publish,
    reconstruct,
    serve,
    token,
    top,
    train,
)
from bridge.commands.console import app

__all__ = ["app"]

for verb in (
    serve.serve,
    top.top,
    publish.publish,
    reconstruct.reconstruct,
    info.info,
    export.export,
    compare.compare,
    play.play,
    demo.demo,
    doctor.doctor,
):
    app.command()(verb)

app.command()(anchor.anchor)
app.command()(ensemble.ensemble)
app.add_typer(bench.bench, name="bench")
app.add_typer(data.data, name="data")
app.add_typer(models.models, name="models")
app.add_typer(token.token, name="token")
app.command()(train.train)
app.command()(adapt.adapt)
app.command(name="eval")(evaluate.evaluate)
