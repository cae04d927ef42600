"""Clients that know nothing of this project, against the server: do they understand what it says of itself?

Started by `run`. Ends with 1 where one of them finds fault.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from openapi_spec_validator import OpenAPIV31SpecValidator
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from stage import server

HERE = Path(__file__).resolve().parent


def main(binary):
    with server(binary) as (base, key, *_):
        _, body = get(base + "/openapi.json")
        document = json.loads(body)
        OpenAPIV31SpecValidator(document).validate()
        print(f"openapi-spec-validator: {len(document['paths'])} paths are OpenAPI 3.1", flush=True)
        print(f"Without a key: {refused_without_key(base, document)} operations refuse", flush=True)
        ends_well = schemathesis(base, key, body)
        print(f"prometheus_client: {metrics(base)} families", flush=True)
    return 0 if ends_well else 1


def get(url, **options):
    """Status and body, whatever the status."""
    request = urllib.request.Request(url, **options)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read()


def refused_without_key(base, document):
    """Asks every operation that names a key without one; counts them."""
    count = 0
    for path, item in document["paths"].items():
        for method, operation in item.items():
            security = operation.get("security", document["security"]) if method != "parameters" else []
            if not security or {} in security:
                continue
            status, body = get(base + path.replace("{", "").replace("}", ""), method=method.upper())
            said = json.loads(body)
            # Doors to models speak as OpenAI and Anthropic do.
            right = "key" in said["error"]["message"] if path.startswith("/v1/") else said.get("code") == "missing_key"
            assert status == 401 and right, f"{method} {path} without a key: {status} {said}"
            count += 1
    return count


def schemathesis(base, key, document):
    """Every operation with right and wrong data; see schemathesis.toml."""
    with tempfile.TemporaryDirectory(prefix="guichet-clients-") as folder:
        description = Path(folder, "openapi.json")
        description.write_bytes(document)
        program = [Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml"]
        # In a folder of its own, since it leaves a cache behind where it runs.
        run = subprocess.run(
            # One worker: Python 3.11 cannot parse source in two threads at once, and Hypothesis does to describe its lambdas.
            [*program, "run", description, "--url", base, "--workers", "1"],
            cwd=folder,
            env={**os.environ, "GUICHET_KEY": key},
        )
    return run.returncode == 0


def metrics(base):
    """Prometheus reads what was counted meanwhile; the number of its families."""
    status, body = get(base + "/metrics")
    assert status == 200, status
    families = {family.name: family for family in text_string_to_metric_families(body.decode())}
    counted = sum(sample.value for sample in families["guichet_calls"].samples)
    assert counted > 0, "no call was counted"
    for family in families.values():
        assert family.name.startswith(("guichet_", "gen_ai_")) and family.documentation, family.name
    return len(families)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
