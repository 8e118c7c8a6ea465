"""An addon of mitmdump: a request for /__save?FOLDER saves all flows as HAR, once per order of the view."""

from mitmproxy import ctx, http
from mitmproxy.addons import view

ORDERS = ("time", "method", "url", "size")


def running() -> None:
    ctx.master.addons.add(view.View())


def request(flow: http.HTTPFlow) -> None:
    if not flow.request.path.startswith("/__save?"):
        return
    folder = flow.request.path.partition("?")[2]
    flow.response = http.Response.make(200, "saved")
    for order in ORDERS:
        ctx.options.update(view_order=order, view_order_reversed=False)
        ctx.master.commands.execute(f"save.har @shown {folder}/{order}.har")
    ctx.options.update(view_order="time", view_order_reversed=True)
    ctx.master.commands.execute(f"save.har @shown {folder}/reversed.har")
