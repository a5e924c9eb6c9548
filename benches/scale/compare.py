# Counts the servers at their goal and with drift, as somebody would who has Python and an afternoon.
import json
import sys


def version(text):
    return tuple(int(part) for part in text.split("."))


def drifted(seen, goal):
    for component in seen["components"]["known"]:
        if version(component["build"]) < goal.get(component["name"], ()):
            return True
    for service in seen["services"]["known"]:
        if service["start"] == "automatic" and service["state"] != "running":
            return True
    for store in seen["databases"]:
        for database in store["seen"]["known"]:
            if database["name"] != "xds" and version(database["installed"]) < version(database["expected"]):
                return True
    return False


def main():
    goal_path, snapshots_path = sys.argv[1:]
    with open(goal_path, encoding="utf-8") as file:
        goal = {name: version(build) for name, build in json.load(file).items()}
    counts = {"at goal": 0, "with drift": 0}
    with open(snapshots_path, encoding="utf-8") as file:
        for line in file:
            counts["with drift" if drifted(json.loads(line)["seen"], goal) else "at goal"] += 1
    states = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    print(f"{sum(counts.values())} servers: {states}")


main()
