"""Look the pinned requirements up among known vulnerabilities.

pip-audit calls it a clean result when the service knew none of the packages, and an error when no service answers.
This tells the three cases apart: findings fail, a service out of reach is said plainly and passes, and a report that
leaves some packages out fails.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

SERVICES = ("pypi", "osv")
OUT_OF_REACH = ("connect", "network", "resolve", "timed out", "ServiceError", "HTTPError")


def ask(service: str, files: list[str]) -> tuple[list[dict[str, Any]], str]:
    """One service's report, package by package (empty if there is none), and what went wrong."""
    options = [
        "--disable-pip",
        "--require-hashes",
        "--progress-spinner=off",
        "--format=json",
        f"--vulnerability-service={service}",
    ]
    requirements = [option for file in files for option in ("--requirement", file)]
    answer = subprocess.run(
        [sys.executable, "-m", "pip_audit", *options, *requirements],
        capture_output=True,
        check=False,
        text=True,
    )
    if answer.stdout.startswith("{"):
        return json.loads(answer.stdout)["dependencies"], ""
    return [], answer.stderr


def judge(packages: list[dict[str, Any]]) -> int:
    """Print a report's findings and gaps; 1 if there are any."""
    found = [(package, finding) for package in packages for finding in package.get("vulns", ())]
    gaps = [package["skip_reason"] for package in packages if "skip_reason" in package]
    for package, finding in found:
        fixed = ", ".join(finding["fix_versions"]) or "no version"
        print(f"{package['name']} {package['version']}: {finding['id']} (fixed in {fixed})")
    print(*gaps, sep="\n", end="\n" if gaps else "")
    print(f"{len(packages)} packages looked up, {len(found)} known vulnerabilities, {len(gaps)} left out")
    return bool(found or gaps)


def main() -> int:
    """Take the first service that knows anything at all."""
    for service in SERVICES:
        packages, trouble = ask(service, sys.argv[1:])
        if any("vulns" in package for package in packages):
            return judge(packages)
        if trouble and not any(sign.lower() in trouble.lower() for sign in OUT_OF_REACH):
            print(trouble)
            return 1
    print(f"NOT AUDITED: none of the vulnerability services ({', '.join(SERVICES)}) can be reached from here.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
