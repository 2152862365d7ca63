/// The one stylesheet of the customer's pages: phone first, light and dark, nothing loaded from elsewhere.
enum Stylesheet {
    static let text = """
        :root {
          color-scheme: light dark;
          --ground: #f4f5f4; --card: #ffffff; --ink: #16201e; --soft: #56625f; --line: #dfe4e2;
          --accent: #0b6b5d; --on-accent: #ffffff; --wash: #e8f2f0; --warn: #8a4b00; --warn-wash: #fdf3e2;
          --shadow: 0 1px 2px rgb(0 0 0 / .05), 0 12px 32px rgb(0 0 0 / .06);
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #0f1413; --card: #19201f; --ink: #edf2f0; --soft: #a3b0ac; --line: #303a38;
            --accent: #5fd0bb; --on-accent: #06231e; --wash: #1d2f2b; --warn: #f0bd74; --warn-wash: #33281a;
            --shadow: none;
          }
        }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; }
        body {
          margin: 0; background: var(--ground); color: var(--ink); line-height: 1.5;
          font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
          font-variant-numeric: tabular-nums; overflow-wrap: break-word;
        }
        h1, h2, p, dl, dd, ul, ol, figure, fieldset { margin: 0; padding: 0; }
        h1 { font-size: 1.25rem; line-height: 1.3; font-weight: 650; letter-spacing: -.01em; }
        h1:focus { outline: none; }
        h2 { font-size: .8125rem; font-weight: 500; color: var(--soft); }
        a { color: var(--accent); }
        code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .375rem; }
        .unseen {
          position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%);
          white-space: nowrap;
        }
        [hidden] { display: none !important; }

        main { max-width: 28rem; margin: 0 auto; padding: 0 1rem 3rem; }
        @media (max-width: 22rem) {
          main { padding-inline: .75rem; }
          main .card { padding: 1.125rem; }
          main .amount.long { font-size: 1.25rem; }
          .field.long { grid-template-columns: 1fr; }
          main .field.long .copy { grid-area: auto; justify-self: start; }
        }
        .banner {
          padding: .5rem 0; text-align: center; font-size: .875rem; font-weight: 500; color: var(--warn);
          background: var(--warn-wash); box-shadow: 0 0 0 100vmax var(--warn-wash);
          clip-path: inset(0 -100vmax);
        }
        .card {
          background: var(--card); border-radius: 1.25rem; padding: 1.5rem; box-shadow: var(--shadow);
          border: 1px solid var(--line);
        }
        .single { padding-top: 12vh; }
        .single.receipt { padding-top: clamp(1rem, 4vw, 3.5rem); }

        .summary { padding: 1.5rem .5rem 1.25rem; }
        .merchant { font-weight: 600; }
        .price {
          font-size: clamp(1.5rem, 8vw, 2rem); line-height: 1.2; font-weight: 650; letter-spacing: -.02em;
        }
        .price.long { font-size: clamp(1.125rem, 6.5vw, 2rem); }
        .currency { display: inline-block; }
        .description { color: var(--soft); margin-top: .25rem; }
        .facts { margin-top: .75rem; font-size: .875rem; }
        .facts div { display: flex; justify-content: space-between; gap: 1rem; padding: .1875rem 0; }
        .facts dt { color: var(--soft); flex: none; }
        .facts dd { text-align: end; min-width: 0; overflow-wrap: anywhere; }

        .steps { display: flex; gap: .375rem; list-style: none; margin-bottom: 1.25rem; font-size: .75rem; }
        .steps li {
          flex: 1; padding-top: .5rem; border-top: .25rem solid var(--line); color: var(--soft);
        }
        .steps .done { border-color: var(--accent); }
        .steps .now { border-color: var(--accent); color: var(--ink); font-weight: 600; }
        .status {
          display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between;
          gap: 0 .75rem;
        }
        .countdown { flex: none; font-size: .9375rem; color: var(--soft); }
        .countdown time { color: var(--ink); font-weight: 600; }
        .countdown .soon { color: var(--warn); }
        .note { margin-top: .375rem; color: var(--soft); font-size: .9375rem; }
        .hint { margin-top: .75rem; font-size: .875rem; color: var(--soft); }
        .status-complete h1::before, .status-expired h1::before, .status-failed h1::before {
          display: inline-block; width: 1.75rem; height: 1.75rem; margin-inline-end: .625rem;
          border-radius: 50%;
          text-align: center; line-height: 1.75rem; font-size: 1rem; vertical-align: .0625rem;
          background: var(--accent); color: var(--on-accent);
        }
        .status-complete h1::before { content: "\\2713" / ""; }
        .status-expired h1::before, .status-failed h1::before {
          content: "\\2013" / ""; background: var(--line); color: var(--ink);
        }
        .status-missing h1 { color: var(--warn); }
        .notice {
          padding: .625rem .875rem; border-radius: .75rem; background: var(--warn-wash); color: var(--ink);
        }

        .ask { margin-top: 1.25rem; display: grid; gap: 1.125rem; }
        .field { display: grid; grid-template-columns: 1fr auto; align-items: center; gap: .125rem .75rem; }
        .field h2 { grid-column: 1; }
        .field > p { grid-column: 1; min-width: 0; }
        .copy { grid-column: 2; grid-row: 1 / span 2; align-self: end; }
        .amount {
          font-size: 1.75rem; line-height: 1.2; font-weight: 650; letter-spacing: -.01em;
          overflow-wrap: anywhere;
        }
        .amount.long { font-size: 1.375rem; }
        .amount .unit { font-size: 1rem; font-weight: 500; color: var(--soft); letter-spacing: 0; }
        #amount span + span { margin-inline-start: .2em; }
        .address code { font-size: .9375rem; line-height: 1.6; display: block; }
        .address span { display: inline-block; margin-inline-end: .375rem; }
        .address span:nth-child(even) { color: var(--accent); }
        .code { display: flex; justify-content: center; }
        .qr { width: min(100%, 15rem); height: auto; display: block; border-radius: .75rem; }
        .qr-light { fill: #fff; }
        .qr-dark { fill: #000; }
        .network {
          font-size: .875rem; padding: .625rem .875rem; border-radius: .75rem; background: var(--warn-wash);
        }
        .network strong { color: var(--warn); }
        /* A wallet on the same device opens by a press; a code is for another one. */
        @media (pointer: coarse), (max-width: 30rem) {
          .ask .code { order: 1; }
          .ask .field:last-child { order: 2; }
        }
        @media (pointer: fine) and (min-width: 30rem) {
          .wallet { background: transparent; color: var(--accent); border-color: var(--line); }
        }

        .button, .copy, .choice, .play, select {
          font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--line);
          border-radius: .75rem; min-height: 2.75rem; cursor: pointer;
        }
        .button {
          display: block; padding: .625rem 1.125rem; text-align: center; text-decoration: none;
          font-weight: 600; background: var(--accent); border-color: var(--accent); color: var(--on-accent);
        }
        .button.quiet { background: transparent; color: var(--accent); border-color: var(--line); }
        .wide { width: 100%; }
        .copy {
          padding: .375rem .875rem; font-size: .875rem; font-weight: 600; color: var(--accent);
          min-width: 5.25rem;
        }
        .copy:hover, .choice:hover, .play:hover, .button.quiet:hover { background: var(--wash); }
        .button:hover { filter: brightness(1.08); }
        .actions { margin-top: 1.25rem; display: grid; gap: .625rem; }

        details { margin-top: 1.25rem; }
        summary { cursor: pointer; color: var(--accent); font-weight: 500; padding: .375rem 0; }
        .choices { display: grid; gap: .625rem; margin-top: 1rem; }
        .choice {
          padding: .875rem 1rem; text-align: start; display: grid; gap: 0 1rem;
          grid-template-columns: auto 1fr; align-items: baseline;
        }
        .choice .asset { font-weight: 650; }
        .choice .sum { text-align: end; overflow-wrap: anywhere; min-width: 0; }
        .choice .on { grid-column: 1 / -1; color: var(--soft); font-size: .875rem; }

        .confirmations { margin-top: 1rem; font-size: .875rem; color: var(--soft); }
        progress {
          appearance: none; width: 100%; height: .5rem; border: 0; border-radius: .25rem; overflow: hidden;
          background: var(--line); display: block; margin-top: .375rem;
        }
        progress::-webkit-progress-bar { background: var(--line); }
        progress::-webkit-progress-value { background: var(--accent); border-radius: .25rem; }
        progress::-moz-progress-bar { background: var(--accent); border-radius: .25rem; }

        .arrivals { margin-top: 1.25rem; padding-top: 1.125rem; border-top: 1px solid var(--line); }
        .arrivals ul { list-style: none; }
        .arrivals li { padding: .375rem 0; font-size: .9375rem; }
        .sum { font-weight: 600; }
        .standing { color: var(--soft); }
        .transaction { display: block; font-size: .75rem; color: var(--soft); overflow-wrap: anywhere; }

        #sandbox { margin-top: 1rem; padding-top: 1.125rem; font-size: .9375rem; }
        #sandbox fieldset { border: 0; margin-top: 1rem; display: flex; flex-wrap: wrap; gap: .5rem; }
        #sandbox legend { color: var(--soft); font-size: .8125rem; padding: 0 0 .375rem; }
        .play { padding: .375rem .875rem; font-size: .875rem; }
        select { padding: .375rem .75rem; }

        .receipt table { width: 100%; border-collapse: collapse; margin-top: .5rem; font-size: .875rem; }
        .receipt th { text-align: start; font-weight: 500; color: var(--soft); }
        .receipt th, .receipt td {
          padding: .375rem 0; vertical-align: top; border-top: 1px solid var(--line);
        }
        .receipt td { text-align: end; overflow-wrap: anywhere; padding-inline-start: 1rem; }
        .receipt h2, .receipt h3 { margin-top: 1.5rem; }
        .receipt h3 { font-size: .8125rem; font-weight: 600; }
        .receipt code { font-size: .8125rem; }

        @media (min-width: 56rem) {
          main { max-width: 60rem; padding: 0 2rem 4rem; }
          main.single { max-width: 40rem; }
          .columns {
            display: grid; grid-template-columns: 1fr 28rem; grid-template-rows: auto 1fr; gap: 2rem 4rem;
            padding-top: 3.5rem; align-items: start;
          }
          .columns > * { grid-column: 1; }
          .columns > section.card { grid-column: 2; grid-row: 1 / span 2; }
          .summary { padding: 1.5rem 0 0; }
          .price { font-size: 2.75rem; }
          .price.long { font-size: 2rem; }
          .card { padding: 2rem; }
          #sandbox { margin-top: 0; padding: 1.25rem 1.5rem 1.5rem; }
        }
        @media (prefers-reduced-motion: no-preference) {
          .button, .copy, .choice, .play { transition: background-color .15s, filter .15s; }
          progress::-webkit-progress-value { transition: width .4s; }
        }
        @media (prefers-contrast: more) { :root { --line: currentColor; --soft: var(--ink); } }
        @media print {
          :root { --ground: #fff; --card: #fff; --ink: #000; --soft: #333; --line: #999; --accent: #000; }
          main.receipt { max-width: none; padding: 0; }
          .receipt .card { border: 0; padding: 0; box-shadow: none; }
          .receipt .actions { display: none; }
        }
        @media print {
          body { background: #fff; }
          .card { border: 0; box-shadow: none; padding: 0; }
          .actions, .banner { display: none; }
        }

        """
}
