"""The built site, opened in a browser: run by `nox -s docs`, which builds it first."""

import functools
import http.server
import shutil
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

SITE = Path(__file__).parents[1] / "site"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
SITE_URL = "https://symmetron.github.io/symmetron/"
PREFIX = urlsplit(SITE_URL).path

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is installed by `nox -s docs`")
if CHROMIUM is None:
    pytest.skip("needs Chromium: apt-get install chromium", allow_module_level=True)
if not (SITE / "index.html").is_file():
    pytest.skip("needs the built site: `nox -s docs`", allow_module_level=True)

PAGES = sorted(
    path.relative_to(SITE).as_posix().removesuffix("index.html")
    for path in SITE.rglob("*.html")
    if path.name != "404.html"
)
THEORY = [page for page in PAGES if page.endswith("theory/")]


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, silently; the map of the site has this server's address for the real one."""

    def do_GET(self):
        if not self.path.endswith("sitemap.xml"):
            return super().do_GET()
        here = f"http://{self.headers['Host']}{PREFIX}"
        body = (SITE / "sitemap.xml").read_text().replace(SITE_URL, here).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """The address of a loopback server that has the site where the real one has it."""
    root = tmp_path_factory.mktemp("host")
    (root / PREFIX.strip("/")).symlink_to(SITE)
    handler = functools.partial(Handler, directory=root)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    page = browser.new_page()
    page.set_default_timeout(15_000)
    yield page
    page.close()


@pytest.fixture(scope="module")
def visits(browser, host):
    """What was seen on every page: requests made, errors logged, formulas found."""
    seen = {}
    tab = browser.new_page()
    requests, errors = [], []
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    for path in PAGES:
        tab.goto(host + PREFIX + path, wait_until="networkidle")
        count = lambda selector: tab.locator(selector).count()
        seen[path] = {
            "requests": list(requests),
            "errors": list(errors),
            "formulas": count(".arithmatex"),
            "rendered": count(".arithmatex:has(.katex)"),
            "formula errors": count(".katex-error"),
            "raw prompts": count("blockquote blockquote"),  # what Markdown makes of >>> outside a code block
        }
        requests.clear()
        errors.clear()
    tab.close()
    return seen


def test_no_request_leaves_the_host(visits, host):
    left = {
        url for visit in visits.values() for url in visit["requests"] if not url.startswith((host, "data:", "blob:"))
    }
    assert all(visit["requests"] for visit in visits.values()) and left == set()


def test_no_page_logs_an_error(visits):
    assert {path: visit["errors"] for path, visit in visits.items() if visit["errors"]} == {}


@pytest.mark.parametrize("path", THEORY)
def test_theory_shows_formulas(visits, path):
    assert visits[path]["rendered"] > 0


def test_every_package_has_a_theory_page():
    packages = {path.parent.name for path in (SITE.parent / "packages").glob("*/pyproject.toml")}
    assert {path.split("/")[1] for path in THEORY} == packages


def test_every_formula_is_rendered(visits):
    bad = [path for path, v in visits.items() if v["formulas"] != v["rendered"] or v["formula errors"]]
    assert bad == []


def test_examples_are_code_blocks(visits):
    assert [path for path, visit in visits.items() if visit["raw prompts"]] == []


def test_search_finds_a_word_of_a_theory_page(page, host):
    page.goto(host + PREFIX, wait_until="networkidle")
    page.locator(".md-search__input").first.click()
    page.keyboard.type("replica symmetric")
    page.locator(".md-search-result__link[href*='hopfield-rsb']").first.wait_for(state="attached")


def test_instant_navigation_keeps_the_document_and_renders_formulas(page, host):
    page.goto(host + PREFIX + "packages/liegroups/", wait_until="networkidle")
    page.evaluate("window.kept = true")
    page.locator("a.md-footer__link--next").click()
    page.wait_for_url("**/packages/liegroups/theory/")
    page.locator(".katex").first.wait_for()
    assert page.evaluate("window.kept")


class References(HTMLParser):
    """The ids of a page, the pages it links to, and the files it loads."""

    def __init__(self, html):
        super().__init__()
        self.ids, self.links, self.files = set(), set(), set()
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        have = dict(attributes)
        self.ids |= {have.get("id"), have.get("name")}
        if tag == "a" and have.get("href"):
            self.links.add(have["href"])
        loads = tag != "link" or not {"canonical", "prev", "next"} & set((have.get("rel") or "").split())
        if tag != "a" and loads:
            self.files |= {have.get("src"), have.get("href") if tag == "link" else None} - {None}


def test_every_link_resolves():
    origin = "http://site" + PREFIX
    parsed = {page: References((SITE / page / "index.html").read_text()) for page in PAGES}
    dead = []
    for page, references in parsed.items():
        for link in references.links | references.files:
            url = urlsplit(urljoin(origin + page, link))
            if url.scheme == "data" or (url.netloc != "site" and link in references.links):
                continue
            path = unquote(url.path).removeprefix(PREFIX)
            there = url.netloc == "site" and ((SITE / path).is_file() or path in parsed)
            if not there or (url.fragment and path in parsed and unquote(url.fragment) not in parsed[path].ids):
                dead.append((page, link))
    assert dead == []
