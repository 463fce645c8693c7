"""The table of the results."""

import os
import platform


def machine():
    """The machine of the measurement. The load says whether something else ran beside it."""
    model = platform.machine()
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {"processor": model, "cores": os.cpu_count(), "load": os.getloadavg()[0]}


def table(results):
    """The results as Markdown."""
    sizes = sorted({int(size) for engine in results["engines"].values() for size in engine})
    columns = [(engine, str(size)) for engine in results["engines"] for size in sizes]
    machine_of = results["machine"]
    lines = [f"{machine_of['processor']}, {machine_of['cores']} cores, load at the start {machine_of['load']:.1f}", ""]
    heads = [f"{engine}, {int(size):,}" for engine, size in columns]
    lines += ["| figure | " + " | ".join(heads) + " |", "|" + "---|" * (len(heads) + 1)]
    found = [results["engines"][engine].get(size) for engine, size in columns]

    def row(name, value):
        cells = [value(one) if one else "" for one in found]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")

    for name, rows in [("accounts", "people"), ("keys", "keys"), ("ids", "ids")]:
        row(f"import of {name}: {rows}/s", lambda one: f"{one['imports'][name]['per_second']:,.0f}")
        row(f"import of {name}: {rows} per second of processor time",
            lambda one: f"{one['imports'][name]['rows'] / one['imports'][name]['cpu_seconds']:,.0f}")
        row(f"import of {name}: peak memory, MiB", lambda one: f"{one['imports'][name]['peak_mib']:.0f}")
    for name in found[0]["lookups"]:
        row(f"look-up {name}: processor time, us", lambda one: f"{one['lookups'][name]['cpu_us']:.0f}")
    for name in found[0]["lists"]:
        row(f"list, {name}: people/s", lambda one: f"{one['lists'][name]['people_per_second']:,.0f}")
        row(f"list, {name}: first byte, ms", lambda one: f"{one['lists'][name]['first_byte_ms']:.1f}")
        row(f"list, {name}: memory above idle, MiB", lambda one: f"{one['lists'][name]['memory_mib']:.1f}")
    return "\n".join(lines + [""] + ratios(results, sizes))


def ratios(results, sizes):
    """How much more processor time a look-up takes with the most people than with the fewest."""
    few, many = str(sizes[0]), str(sizes[-1])
    lines = []
    for engine, found in results["engines"].items():
        of = found[few]["lookups"]
        each = [f"{name} {found[many]['lookups'][name]['cpu_us'] / of[name]['cpu_us']:.2f}" for name in of]
        lines.append(f"{engine}, {int(many):,} people to {int(few):,}: " + ", ".join(each))
    return lines
