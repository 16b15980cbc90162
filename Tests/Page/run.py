#!/usr/bin/env python3
"""The page that the daemon serves, in a real browser: Debian's Chromium, without a window.

    Tests/Page/run.py BINARY [SCENARIO...]
    Tests/Page/run.py --screenshots DIRECTORY BINARY      also takes the pictures of the docs

Each scenario has an etcd and a daemon of its own. Exits with 1 when any failed.
"""
import argparse
import http.client
import json
import os
import select
import statistics
import sys
import tempfile
import threading
import time

from browser import Browser
from host import Host, until

SCENARIOS = {}
ROWS = "#list tbody tr"
IDS = "#list tbody tr td:nth-child(2)"


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def record(address, **ours):
    """A record as discoveryd writes it, see discoveryd-formats(5)."""
    return json.dumps({"Addr": address, "discoveryd": {"schema": 1, **ours}})


@scenario
def a_new_endpoint_shows_within_a_second(host, browser):
    with browser() as page:
        page.open(host.page)
        until(10, "the page is live", lambda: "live" in page.texts("#live")[0])
        times = []
        for number in range(10):
            host.put(f"web/web-{number}", f"10.0.1.{number}:80")
            times.append(until(20, f"web-{number}", lambda n=number: f"web-{n}" in page.texts(IDS)))
        host.delete("web/web-3")
        times.append(until(20, "it is gone", lambda: "web-3" not in page.texts(IDS)))
        check(statistics.median(times) < 1, f"an endpoint took {statistics.median(times):.2f} s")
        check(page.complaints() == [], "the console is silent")
        events = page.texts("#events tbody tr")
        check(any("web/web-3" in e and "vanished" in e for e in events), "events tell of it")
        return f"median {statistics.median(times) * 1000:.0f} ms, longest {max(times) * 1000:.0f} ms"


@scenario
def hostile_names_stay_text(host, browser):
    bad = "<img_src=x_onerror=alert(1)>"
    script = "<script>alert(2)<\\script>"
    quoted = "\"'><svg_onload=alert(3)>"
    for number, name in enumerate([bad, script, quoted, "&lt;b&gt;", "{{{x}}}", "javascript:alert(4)"]):
        host.put(f"{name}/{name}", record(
            f"10.0.0.{number}:80", zone=f"</td><script>alert({number})</script>",
            tags=[bad, "\u202eevil"]))
    with browser() as page:
        page.open(host.page)
        until(20, "they are shown", lambda: len(page.texts(ROWS)) >= 7)
        # And once more as the script takes them over.
        host.put("last/one", "10.0.0.9:80")
        until(20, "the page followed", lambda: "one" in page.texts(IDS))
        for name in [bad, script, quoted, "&lt;b&gt;", "{{{x}}}"]:
            check(name in page.texts(IDS), f"{name} stands there as it is")
        check(page.run("return document.querySelectorAll('main script, main img, main svg').length") == 0,
              "nothing of it became an element")
        check(page.run("return document.scripts.length") == 1, "there is one script, ours")
        check(page.alert() is None, "nothing of it ran")
        check("</td><script>alert(0)</script>" in page.texts("#list tbody td:nth-child(6)"), "a zone too")
        check("\u202e" not in page.run("return document.body.textContent"), "nothing turns the text round")
        page.open(host.page + "/?q=%22%3E%3Cscript%3Ealert(5)%3C%2Fscript%3E")
        check(page.alert() is None, "a filter does not run either")
        check(page.run("return document.getElementById('q').value") == "\"><script>alert(5)</script>",
              "the filter stands in its field")
        check(page.complaints() == [], "the console is silent")


@scenario
def nothing_comes_from_elsewhere_and_no_other_script_runs(host, browser):
    with browser() as page:
        page.open(host.page)
        until(10, "the page is live", lambda: "live" in page.texts("#live")[0])
        loaded = page.run("return performance.getEntriesByType('resource').map(e => e.name)")
        check(all(name.startswith(host.page + "/") for name in loaded), f"only from here: {loaded}")
        check(page.complaints() == [], "the console is silent")
        page.run("const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
                 "document.body.append(s);"
                 "const b = document.createElement('button'); b.setAttribute('onclick', 'window.ran = 2');"
                 "document.body.append(b); b.click()")
        check(page.run("return window.ran || 0") == 0, "what is put into the page does not run")
        refused = page.complaints()
        check(any("Content Security Policy" in text for text in refused), f"the policy says so: {refused}")


@scenario
def ten_thousand_endpoints_stay_usable(host, browser):
    host.put_many((f"s{n % 40:02}/i{n:05}", record(f"10.{n >> 8 & 255}.{n & 255}.7:80", zone="abc"[n % 3]))
                  for n in range(10_000))
    with browser() as page:
        begin = time.monotonic()
        page.open(host.page)
        until(20, "all are counted", lambda: "10001 endpoints" in page.texts("#count")[0])
        opened = time.monotonic() - begin
        check(len(page.texts(ROWS)) == 500, "as many rows as can be looked at")
        check("filter for the others" in page.texts("#count")[0], "it is said that there are more")
        begin = time.monotonic()
        page.type("#q", "i09999")
        until(20, "the filter", lambda: page.texts(IDS) == ["i09999"])
        filtered = time.monotonic() - begin
        page.run("document.getElementById('q').select()")
        page.press("\ue003")
        until(20, "all are back", lambda: len(page.texts(ROWS)) == 500)
        # While the fleet changes all the time.
        stop = threading.Event()

        def change():
            number = 0
            while not stop.is_set():
                host.put_many((f"s{n % 40:02}/i{n:05}", record(f"10.9.{number & 255}.{n & 255}:80"))
                              for n in range(100))
                number += 1
                time.sleep(0.05)
        churn = threading.Thread(target=change)
        churn.start()
        try:
            host.put("aaa/new", "10.0.0.1:80")
            shown = until(20, "a new one, among 2,000 changes a second", lambda: "new" in page.texts(IDS))
            begin = time.monotonic()
            page.type("#q", "i05000")
            until(20, "the filter meanwhile", lambda: page.texts(IDS) == ["i05000"])
            busy = time.monotonic() - begin
            blocked = page.run(
                "const t = performance.now(); return new Promise(d => setTimeout(() => d(performance.now() - t)))")
        finally:
            stop.set()
            churn.join()
        # A machine that stands still for a moment is no page that does.
        check(opened < 10 and filtered < 10 and busy < 10 and shown < 10 and blocked < 2000,
              f"opened {opened:.2f}, filtered {filtered:.2f}, busy {busy:.2f}, shown {shown:.2f} s")
        check(page.complaints() == [], "the console is silent")
        return (f"opened in {opened * 1000:.0f} ms, filtered in {filtered * 1000:.0f} ms, "
                f"under churn {busy * 1000:.0f} ms, a new one after {shown * 1000:.0f} ms")


@scenario
def it_reads_without_a_script(host, browser):
    host.put("web/web-1", "10.0.1.1:80")
    host.put("db/db-1", "10.0.1.2:5432")
    with browser(scripts=False) as page:
        page.open(host.page)
        until(20, "all are there", lambda: page.open(host.page) or len(page.texts(ROWS)) == 3)
        check("reload the page" in page.texts("#live")[0], "it says how to see newer data")
        check(any("registered" in text for text in page.texts("#services tbody tr")), "services")
        check(any("endpoints.json" in text for text in page.texts("#outputs tbody tr")), "files")
        page.type("#q", "DB-1 5432\ue007")
        until(20, "the filter is a form", lambda: page.texts(IDS) == ["db-1"])
        check(page.complaints() == [], "the console is silent")


@scenario
def a_filter_that_is_refused_is_said_and_the_page_goes_on(host, browser):
    with browser() as page:
        page.open(host.page)
        until(10, "the page is live", lambda: "live" in page.texts("#live")[0])
        page.run("const q = document.getElementById('q'); q.removeAttribute('maxlength');"
                 "q.value = 'x'.repeat(900); q.dispatchEvent(new Event('input'))")
        until(20, "it is said", lambda: "refused" in page.texts("#live")[0])
        page.run("const q = document.getElementById('q'); q.value = '\u20ac'.repeat(200);"
                 "q.dispatchEvent(new Event('input'))")
        until(20, "200 characters of any script will do", lambda: "0 of 1 endpoints match." in page.texts("#count"))


@scenario
def it_lives_through_a_restart_of_the_daemon(host, browser):
    with browser() as page:
        page.open(host.page)
        until(10, "the page is live", lambda: "live" in page.texts("#live")[0])
        host.stop()
        until(10, "it says so", lambda: "does not answer" in page.texts("#live")[0])
        host.start()
        until(10, "it is live again", lambda: "live" in page.texts("#live")[0])
        host.put("web/after", "10.0.1.1:80")
        until(20, "and follows", lambda: "after" in page.texts(IDS))


@scenario
def it_works_by_keyboard_and_on_a_narrow_screen(host, browser):
    host.put("web/" + "long-" * 20, record("10.0.1.1:80", tags=["t" * 60, "u" * 60]))
    with browser() as page:
        page.emulate(360, 740, dark=True)
        page.open(host.page)
        until(20, "it is shown", lambda: len(page.texts(ROWS)) == 2)
        width = page.run("return [document.documentElement.scrollWidth, window.innerWidth]")
        check(width[0] <= width[1], f"nothing sticks out: {width}")
        seen = []
        for _ in range(12):
            page.press("\ue004")
            seen.append(page.run("const e = document.activeElement; return e.id || e.className || e.tagName"))
        check(seen[0] == "skip", f"the first stop leads to the list: {seen}")
        for stop in ["q", "scroll", "BUTTON"]:
            check(stop in seen, f"{stop} is reached: {seen}")
        # The focus stays where it is while the page is kept up to date.
        page.run("document.getElementById('q').focus()")
        host.put("web/other", "10.0.1.2:80")
        until(20, "the other is shown", lambda: "other" in page.texts(IDS))
        check(page.run("return document.activeElement.id") == "q", "the focus stays")
        low = page.run(CONTRAST)
        check(low == [], f"dark: every text has a contrast of 4.5 or more: {low}")
        page.emulate(1280, 900, dark=False)
        low = page.run(CONTRAST)
        check(low == [], f"light: every text has a contrast of 4.5 or more: {low}")
        check(page.complaints() == [], "the console is silent")


# See WCAG 2.2, 1.4.3.
CONTRAST = """
const parse = c => c.match(/[\\d.]+/g).map(Number);
const light = c => { const [r, g, b] = parse(c).map(v => { v /= 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
  if ((parse(c)[3] ?? 1) > 0) return c; } return 'rgb(255, 255, 255)'; };
const low = [];
for (const e of document.querySelectorAll('h1, h2, p, td, th, dt, dd, a, label, li')) {
  if (!e.textContent.trim() || e.id === 'live') continue;
  const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < 4.5) low.push(e.tagName + ' ' + e.className + ' ' + ratio.toFixed(2));
}
return [...new Set(low)];
"""


@scenario
def those_who_follow_take_places_of_those_who_wait(host, browser):
    address = host.page.removeprefix("http://")
    followers = []
    for _ in range(32):
        connection = http.client.HTTPConnection(address, timeout=30)
        connection.request("GET", "/v1/events/wait?timeout=30s&after=999999")
        followers.append(connection)
    def one_more_is_refused():
        connection = http.client.HTTPConnection(address, timeout=30)
        connection.request("GET", "/v1/events/wait?timeout=30s&after=999999")
        # It follows as well where one of the others had no place, which somebody had for a moment.
        followers.append(connection)
        told = select.select([connection.sock], [], [], 1)[0]
        return bool(told) and connection.getresponse().status == 503
    until(20, "one more is refused", one_more_is_refused)
    check(host.get("/metrics") == 200 and host.get("/readyz") == 200, "monitoring is served")
    with browser() as page:
        page.open(host.page)
        host.put("web/late", "10.0.1.1:80")
        until(10, "without a place it looks now and then", lambda: "late" in page.texts(IDS))
    for connection in followers:
        connection.close()


@scenario
def who_comes_by_another_name_reads_nothing(host, browser):
    address = host.page.removeprefix("http://")
    for path in ["/", "/v1/status", "/v1/events", "/v1/events/wait?timeout=0s", "/v1/explain?service=api"]:
        connection = http.client.HTTPConnection(address, timeout=10)
        connection.request("GET", path, headers={"Host": "rebound.example"})
        check(connection.getresponse().status == 421, f"{path} under another name")
    for headers, status in [
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty"}, 200),
    ]:
        connection = http.client.HTTPConnection(address, timeout=10)
        connection.request("GET", "/?q=x", headers=headers)
        check(connection.getresponse().status == status, f"/ with {headers}")
    for method in ["POST", "PUT", "DELETE"]:
        connection = http.client.HTTPConnection(address, timeout=10)
        connection.request(method, "/")
        check(connection.getresponse().status == 405, f"{method} /")
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("GET", "/?q=" + "x" * 900)
    check(connection.getresponse().status == 400, "a filter that is too long")


def take_screenshots(binary, directory):
    os.makedirs(directory, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        host = Host(binary, scratch)
        try:
            for number in range(1, 7):
                host.put(f"web/web-{number}", record(
                    f"10.0.{number}.5:8080", zone="ab"[number % 2], tags=["blue" if number < 4 else "green"],
                    state="draining" if number == 2 else "up"))
            host.put("db/db-1", record("10.0.1.20:5432", zone="a", weight=50))
            host.put("cache/c-1", "cache-1.example:6379")
            host.delete("web/web-6")
            with Browser(scratch) as page:
                for name, width, height, dark in [
                    ("overview-light", 1280, 1000, False), ("overview-dark", 1280, 1000, True),
                    ("overview-narrow", 390, 844, False),
                ]:
                    page.emulate(width, height, dark)
                    page.open(host.page)
                    until(20, "all are shown", lambda: len(page.texts(ROWS)) == 8)
                    page.screenshot(f"{directory}/{name}.png")
        finally:
            host.close()


def run(name, binary):
    with tempfile.TemporaryDirectory() as directory:
        host = Host(binary, directory)
        count = 0

        def browser(**options):
            nonlocal count
            count += 1
            profile = f"{directory}/browser-{count}"
            os.makedirs(profile)
            return Browser(profile, **options)
        try:
            figures = SCENARIOS[name](host, browser)
            print(f"ok      {name}" + (f": {figures}" if figures else ""), flush=True)
            return True
        except AssertionError as error:
            print(f"FAILED  {name}: {error}\n--- the daemon:\n{host.printed()}", flush=True)
            return False
        finally:
            host.close()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--screenshots", metavar="DIRECTORY", help="take the pictures of the docs")
    parser.add_argument("binary")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    options = parser.parse_args()
    binary = os.path.abspath(options.binary)
    if options.screenshots:
        take_screenshots(binary, options.screenshots)
        return 0
    unknown = set(options.scenarios) - set(SCENARIOS)
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    results = [run(name, binary) for name in options.scenarios or SCENARIOS]
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
