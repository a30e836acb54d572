"""No key, no signature of a link and no picture in any byte that a run writes, also where cases fail."""

import base64
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conforming import conform, double, keyed
from novita_contract.options import Secret
from novita_contract.pictures import made
from novita_contract.report_folder import write
from novita_contract.terminal import told

ROOT = Path(__file__).parents[1]
#: A key such as the real service gives, and one that only digits make up.
KEYS = ("sk_canary_4f9b1e7c5a3d2081", "79135246801357924680")


@pytest.mark.parametrize("key", KEYS)
def test_nothing_secret_is_written(key, tmp_path):
    with double(key=(key, "sk_canary_second_77aa"), max_pending_bytes=1_000_000) as url:
        options = keyed(key=Secret(key), second_key=Secret("sk_canary_second_77aa"))
        select = (
            "*SCALE_FACTOR*",
            "*KEY*",
            "WEB-*",
            "UPS-RESULT*",
            "*PROPERTY*",
            "UPS-REQUEST.IMAGE_BASE64*",
        )
        # one reading is expected that the target does not show, and speaks of: something has to fail
        report = conform(
            url, **options, select=select, record=tmp_path / "record", quirks={"final-progress": "100"}
        )
        assert len(report.outcomes) > 100
    write(report, tmp_path / "report")
    (tmp_path / "terminal.txt").write_text(told(report))
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 100
    picture = base64.b64encode(made("png:RGB:8x8"))
    secrets = [key.encode(), key[:-1].encode(), b"sk_canary_second", picture, picture[:40], b"iVBORw0KGgo"]
    for path in written:
        content = path.read_bytes()
        for secret in secrets:
            assert secret not in content, f"{secret!r} in {path}"
        for signature in re.findall(rb"X-Amz-Signature=([^&\s\"'<]*)", content):
            assert signature in (b"***", b"***\\"), path
        assert not re.search(rb"[0-9a-f]{64}", content), path


def test_a_failing_test_of_pytest_shows_no_key(tmp_path):
    key = "sk_canary_that_pytest_would_show"
    (tmp_path / "key.txt").write_text(key)
    (tmp_path / "test_shown.py").write_text(
        "from pathlib import Path\n\n"
        "from novita_contract.options import Options, Secret\n\n"
        "def test_it():\n"
        "    key = Secret((Path(__file__).parent / 'key.txt').read_text())\n"
        "    options = Options(key=key)\n"
        "    assert options == key\n"
    )
    line = [sys.executable, "-m", "pytest", "--showlocals", "-vv", "-p", "no:cacheprovider", str(tmp_path)]
    paths = os.pathsep.join(str(ROOT / name) for name in ("mock_server", "contract_tests"))
    environment = {**os.environ, "PYTHONPATH": paths}
    shown = subprocess.run(line, capture_output=True, text=True, timeout=60, env=environment)
    assert shown.returncode == 1, shown.stdout
    assert "Secret(***)" in shown.stdout
    assert key not in shown.stdout + shown.stderr
