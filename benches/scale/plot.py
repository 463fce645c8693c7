"""The results as a picture: bars of look-ups, imports and lists."""

from xml.sax.saxutils import escape

WIDTH, BAR, GAP, LEFT, RIGHT = 900, 16, 6, 300, 110
COLOURS = ["#4477aa", "#88bbdd", "#cc6677", "#eebbcc"]


def groups(results):
    """The bars: of each part its title, and of each of its rows the values of all columns."""
    columns = [found for sizes in results["engines"].values() for found in sizes.values()]
    first = columns[0]
    yield "Look-up: processor time, us", [
        (name, [one["lookups"][name]["cpu_us"] for one in columns]) for name in first["lookups"]]
    yield "Import: rows/s", [
        (name, [one["imports"][name]["per_second"] for one in columns]) for name in first["imports"]]
    yield "Import: peak memory, MiB", [
        (name, [one["imports"][name]["peak_mib"] for one in columns]) for name in first["imports"]]
    yield "List: people/s", [
        (name, [one["lists"][name]["people_per_second"] for one in columns]) for name in first["lists"]]


def svg(results):
    """The picture."""
    names = [f"{engine}, {int(size):,}" for engine, sizes in results["engines"].items() for size in sizes]
    y, parts = 24, []
    for at, name in enumerate(names):
        parts.append(f'<rect x="{20 + at * 210}" y="{y - 11}" width="12" height="12" fill="{COLOURS[at % 4]}"/>')
        parts.append(f'<text x="{38 + at * 210}" y="{y}">{escape(name)}</text>')
    for title, rows in groups(results):
        y += 36
        parts.append(f'<text x="20" y="{y}" font-weight="bold">{escape(title)}</text>')
        most = max((value for _, values in rows for value in values), default=1) or 1
        for name, values in rows:
            y += GAP
            parts.append(f'<text x="40" y="{y + BAR}">{escape(name)}</text>')
            for at, value in enumerate(values):
                length = value / most * (WIDTH - LEFT - RIGHT)
                parts.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 2}" fill="{COLOURS[at % 4]}"/>')
                parts.append(f'<text x="{LEFT + length + 6:.1f}" y="{y + BAR - 4}">{value:,.0f}</text>')
                y += BAR
    style = "font-family: sans-serif; font-size: 12px"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 24}" style="{style}">'
            f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n')
