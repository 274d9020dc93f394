"""How pages of charts are rendered: the templates of the report, which others extend, and the charts' scripts."""

from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, Environment, PackageLoader, StrictUndefined

from pipeline.report import vega
from pipeline.report.charts import CONFIG


def render(name: str, *loaders: BaseLoader, **values: Any) -> str:
    """Render a template, looked for in `loaders` and then in the report's; texts are escaped.

    It gets, besides the values, `config`, that of the charts if the values have none, `vega_versions`, `vega_scripts`.
    """
    environment = Environment(
        loader=ChoiceLoader([*loaders, PackageLoader("pipeline.report")]),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    charts = {"config": CONFIG, "vega_versions": vega.vega_versions(), "vega_scripts": vega.scripts()}
    return environment.get_template(name).render({**charts, **values})
