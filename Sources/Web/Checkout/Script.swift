/// The one script: live status, countdown, copying. Without it the pages work and load themselves again.
enum Script {
    static let text = """
        "use strict";
        (() => {
          for (const button of document.querySelectorAll(".print")) {
            button.hidden = false;
            button.addEventListener("click", () => print());
          }
          const base = document.body.dataset.checkout;
          if (!base) return;
          const main = () => document.getElementById("checkout");
          const announcement = document.getElementById("announcement");
          const pollMilliseconds = 5000;
          const againMilliseconds = 1000;
          let deadline = null;      // of this page's clock, which nobody can set
          let warned = false;
          let loading = null;
          let polling = null;
          let asking = null;
          let wanted = null;        // the newest revision that was heard of
          let hasListened = false;
          let isOver = false;

          // ---- what is shown
          // -------------------------------------------------------------------------------

          function setLeft(left) {
            deadline = left === null || left === undefined ? null : performance.now() + Number(left);
            isOver = false;
            if (deadline !== null && deadline - performance.now() > 60000) warned = false;
            tick();
          }

          function tick() {
            const time = document.getElementById("countdown");
            if (!time || deadline === null) return;
            const seconds = Math.max(0, Math.ceil((deadline - performance.now()) / 1000));
            const two = (number) => String(number).padStart(2, "0");
            const hours = Math.floor(seconds / 3600);
            const minutes = Math.floor(seconds / 60) % 60;
            time.textContent = (hours ? hours + ":" + two(minutes) : minutes) + ":" + two(seconds % 60);
            time.parentElement.firstChild.textContent = "Time left ";
            time.classList.toggle("soon", seconds < 120);
            if (seconds > 0 && seconds <= 60 && !warned) {
              warned = true;
              announcement.textContent = "One minute left to pay.";
            }
            if (seconds === 0 && !isOver) {
              isOver = true;
              setTimeout(load, 1000);
            }
          }

          // Puts the present page in the place of the old one; keeps the focus and what was unfolded.
          async function load() {
            if (loading) return loading;
            loading = (async () => {
              const answer = await fetch(base, { headers: { Accept: "text/html" } });
              if (!answer.ok) return;
              const page = new DOMParser().parseFromString(await answer.text(), "text/html");
              const fresh = page.getElementById("checkout");
              const old = main();
              if (!fresh) return;
              const isSame = fresh.dataset.revision === old.dataset.revision;
              if (!isSame) {
                const focused = old.contains(document.activeElement) ? document.activeElement : null;
                for (const part of old.querySelectorAll("details[id]")) {
                  const next = fresh.querySelector("#" + part.id);
                  if (next) next.open = part.open;
                }
                const blocks = document.getElementById("blocks");
                const played = document.getElementById("played");
                document.title = page.title;
                old.replaceWith(fresh);
                if (blocks && document.getElementById("blocks")) {
                  document.getElementById("blocks").value = blocks.value;
                }
                if (played) say(played.textContent);
                dress();
                refocus(focused);
              }
              setLeft(fresh.dataset.left);
            })();
            try { await loading; } catch { /* offline: asked again below */ } finally { loading = null; }
            // It failed, or something changed while it was on its way.
            if (isBehind()) askAgain();
          }

          // The newest revision that was heard of is not the one that is shown.
          const isBehind = () => wanted !== null && wanted !== main().dataset.revision;

          function askAgain() {
            clearTimeout(asking);
            asking = setTimeout(poll, againMilliseconds);
          }

          function refocus(old) {
            if (!old) return;
            const all = [...main().querySelectorAll("button, a, select, summary, input")];
            const same = old.id
              ? document.getElementById(old.id)
              : all.find((one) => one.tagName === old.tagName && one.textContent === old.textContent);
            (same || document.getElementById("state")).focus({ preventScroll: true });
          }

          function apply(snapshot) {
            wanted = snapshot.revision;
            if (!isBehind()) return setLeft(snapshot.left);
            announcement.textContent = snapshot.title + ". " + snapshot.note;
            load();
          }

          // ---- what is new
          // ---------------------------------------------------------------------------------

          async function poll() {
            try {
              const answer = await fetch(base + "/status", { headers: { Accept: "application/json" } });
              if (answer.ok) apply(await answer.json());
            } catch { /* offline: the next one tries again */ }
            if (isBehind() && !loading) askAgain();
          }

          function listen() {
            const events = new EventSource(base + "/events");
            events.onmessage = (event) => apply(JSON.parse(event.data));
            events.onopen = () => {
              clearInterval(polling);
              polling = null;
              // What came while nobody listened, and the time that passed while the device slept.
              if (hasListened) poll();
              hasListened = true;
            };
            events.onerror = () => {
              if (!polling) polling = setInterval(poll, pollMilliseconds);
              if (events.readyState === EventSource.CLOSED) setTimeout(listen, pollMilliseconds);
            };
          }

          // ---- what can be pressed
          // -------------------------------------------------------------------------

          async function copy(text) {
            if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
            const area = document.createElement("textarea");
            area.value = text;
            area.className = "unseen";
            document.body.append(area);
            area.select();
            const isDone = document.execCommand("copy");
            area.remove();
            if (!isDone) throw new Error("not copied");
          }

          async function press(button) {
            const label = button.firstChild;
            const what = button.querySelector(".unseen").textContent.trim();
            button.focus();
            try {
              await copy(button.dataset.copy);
              label.textContent = "Copied";
              announcement.textContent = "The " + what + " was copied.";
            } catch {
              const range = document.createRange();
              range.selectNodeContents(document.getElementById(button.dataset.from));
              getSelection().removeAllRanges();
              getSelection().addRange(range);
              label.textContent = "Selected";
              announcement.textContent = "The " + what + " is selected: copy it with your keyboard.";
            }
            setTimeout(() => { label.textContent = "Copy"; }, 2000);
          }

          function say(text) {
            const line = document.getElementById("played");
            if (line) line.textContent = text;
          }

          async function play(form, button) {
            say("");
            try {
              const answer = await fetch(button ? button.formAction : form.action, {
                method: "POST", headers: { Accept: "application/json" },
                body: new URLSearchParams(new FormData(form)),
              });
              const isJSON = (answer.headers.get("Content-Type") || "").includes("json");
              const result = isJSON ? await answer.json() : {};
              say(result.message || result.detail || "This did not work. Load the page again and try.");
            } catch {
              say("The gateway does not answer. Is there a connection? Try again in a moment.");
            }
            poll();
          }

          function dress() {
            for (const button of main().querySelectorAll(".copy")) button.hidden = false;
          }

          document.addEventListener("click", (event) => {
            const button = event.target.closest(".copy");
            if (button) press(button);
          });
          document.addEventListener("submit", (event) => {
            if (event.target.id !== "play") return;
            event.preventDefault();
            play(event.target, event.submitter);
          });
          document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });

          dress();
          setLeft(main().dataset.left);
          setInterval(tick, 1000);
          listen();
        })();

        """
}
