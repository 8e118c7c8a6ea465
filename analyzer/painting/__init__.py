"""Paint in one medium what several outputs show: a timeline in characters or as SVG, Markdown, a page, a table.

The outputs are above: each is one format, and none knows another.
"""
