"""Scripts, styles and fonts: kept by a browser for good, and asked for anew when they changed."""

import gzip
import re
from pathlib import Path

from django.templatetags.static import static
from django.test import Client

from console.assets import digest

NAMED = re.compile(r"""(?:^import .*?|^\} from |import\(|url\()["']([^"'\n]+)["']""", re.MULTILINE)
ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_address_changes_with_the_content(tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    (tmp_path / "css/a.css").write_text("a")
    first = digest(tmp_path)
    assert first == digest(tmp_path)
    (tmp_path / "css/a.css").write_text("b")
    second = digest(tmp_path)
    (tmp_path / "css/a.css").rename(tmp_path / "css/b.css")
    assert len({first, second, digest(tmp_path)}) == 3


def test_an_asset_is_kept_for_good(db: None) -> None:
    answer = Client().get(static("js/console.js"))
    answer.close()
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "max-age=315360000, public, immutable"
    assert Client().get("/static/js/console.js").status_code == 404


def test_vendored_scripts_are_sent_compressed(db: None) -> None:
    scripts = list((ROOT / "static/vendor").glob("*.js"))
    assert len(scripts) == 3
    for path in scripts:
        assert gzip.decompress(path.with_suffix(".js.gz").read_bytes()) == path.read_bytes(), path
        address = static(f"vendor/{path.name}")
        for accepted, encoding in (("gzip, deflate, br", "gzip"), ("identity", "")):
            answer = Client().get(address, headers={"Accept-Encoding": accepted})
            answer.close()
            assert (answer.get("Content-Encoding", ""), answer["Vary"]) == (encoding, "Accept-Encoding")
            assert answer["Content-Type"].startswith("text/javascript")


def test_assets_name_each_other_by_place() -> None:
    """So that they are found at the address of their release."""
    for path in (*ROOT.glob("static/js/**/*.js"), *ROOT.glob("static/css/*.css")):
        named = NAMED.findall(path.read_text())
        assert all(name.startswith(("./", "../", "data:")) for name in named), (path, named)
