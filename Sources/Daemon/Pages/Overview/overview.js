// Keeps the page as it would be if it were loaded now: waits for the next event, has the page made again by the daemon,
// and takes over the parts that changed. What is shown is made in one place, and nothing here builds HTML.
"use strict";
(() => {
  const parts = ["state", "facts", "troubles", "etcd", "services", "outputs", "list", "events"];
  // A fleet may change a thousand times a second; nobody reads faster than this.
  const pause = 500;
  const patience = 25;
  const live = document.getElementById("live");
  const input = document.getElementById("q");
  let run = document.body.dataset.run;
  let last = Number(document.body.dataset.last);
  let query = input.value;
  let shown = 0;

  const sleep = (time) => new Promise((wake) => setTimeout(wake, time));

  function take(page) {
    run = page.body.dataset.run;
    last = Number(page.body.dataset.last);
    for (const id of parts) {
      const now = document.getElementById(id);
      const next = page.getElementById(id);
      if (!now || !next || now.isEqualNode(next)) continue;
      const scrolled = [...now.querySelectorAll(".scroll")].map((box) => [box.scrollLeft, box.scrollTop]);
      const focused = now.contains(document.activeElement) ? document.activeElement.className : "";
      now.replaceWith(next);
      next.querySelectorAll(".scroll").forEach((box, index) => {
        if (scrolled[index]) [box.scrollLeft, box.scrollTop] = scrolled[index];
        if (focused && box.className === focused) box.focus({ preventScroll: true });
      });
    }
    document.title = page.title;
  }

  async function refresh() {
    const number = ++shown;
    const target = query ? "/?q=" + encodeURIComponent(query) : "/";
    const answer = await fetch(target, { cache: "no-store" });
    if (!answer.ok) throw new Error("status " + answer.status);
    const text = await answer.text();
    // One that was asked for later may have come earlier.
    if (number === shown) take(new DOMParser().parseFromString(text, "text/html"));
    say("live, as of " + new Date().toLocaleTimeString());
  }

  function say(text) {
    if (live.textContent === text) return;
    live.textContent = text;
    live.classList.remove("fresh");
    void live.offsetWidth;
    live.classList.add("fresh");
  }

  async function follow() {
    for (;;) {
      try {
        const target = "/v1/events/wait?timeout=" + patience + "s&after=" + last + "&run=" + encodeURIComponent(run);
        const answer = await fetch(target, { cache: "no-store" });
        // Too many follow: look now and then instead.
        if (answer.status === 503) await sleep(5000);
        else if (!answer.ok) throw new Error("status " + answer.status);
        await refresh();
        await sleep(pause);
      } catch (error) {
        say("discoveryd does not answer; trying again");
        await sleep(2000);
        // After a restart everything may be another.
        last = 0;
      }
    }
  }

  let typing = 0;
  function filter() {
    query = input.value;
    const target = query ? "/?q=" + encodeURIComponent(query) : "/";
    history.replaceState(null, "", target);
    refresh().catch(() => say("discoveryd does not answer; trying again"));
  }
  input.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(filter, 150);
  });
  document.getElementById("filter").addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    filter();
  });

  say("live");
  follow();
})();
