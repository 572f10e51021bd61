/** The look of the element: light on dark glass, small, readable over any image. Pages change it with custom properties and parts. */
import { sheet } from "./dom.ts";

export const STYLE = sheet(`
:host {
  --accent: var(--loop-3d-accent, #ffb454);
  --glass: var(--loop-3d-glass, rgb(16 17 20 / .72));
  --text: var(--loop-3d-text, #ececec);
  --top: var(--loop-3d-top, 0px);
  --quiet: rgb(255 255 255 / .62);
  --size: 36px;
  display: block; position: relative; overflow: hidden; contain: content; container-type: inline-size;
  aspect-ratio: var(--loop-3d-aspect-ratio, 16 / 9); background: var(--loop-3d-background, #101114); color: var(--text);
  font: 13px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; -webkit-tap-highlight-color: transparent;
}
:host([hidden]) { display: none; }
:host(:fullscreen) { aspect-ratio: auto; width: 100%; height: 100%; }
.stage:focus-visible::after { content: ""; position: absolute; inset: 0; border: 2px solid var(--loop-3d-focus, var(--accent)); pointer-events: none; }
@media (pointer: coarse) { :host { --size: 44px; } }
[hidden] { display: none !important; }
.root, .stage, .stage > *, .poster { position: absolute; inset: 0; width: 100%; height: 100%; }
.stage canvas { display: block; opacity: 0; }
.stage.drawn canvas { opacity: 1; }
.stage.looks { cursor: grab; }
.stage.looks:active { cursor: grabbing; }
.stage { touch-action: var(--touch-action, pan-y); outline: none; }
.poster { object-fit: cover; transition: opacity .5s; pointer-events: none; border: 0; }
.poster.gone { opacity: 0; }
:host(:fullscreen) .idle .stage { cursor: none; }
svg { width: 20px; height: 20px; display: block; fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }
svg.filled { fill: currentColor; stroke: none; }
button {
  all: unset; box-sizing: border-box; display: inline-flex; align-items: center; justify-content: center; flex: none; min-width: var(--size);
  height: var(--size); border-radius: 8px; cursor: pointer; color: inherit; font: inherit; touch-action: manipulation; user-select: none;
}
button:focus-visible, input:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
@media (hover: hover) { button:hover { background: rgb(255 255 255 / .14); } }
button[aria-pressed=true], button[aria-expanded=true] { color: var(--accent); }
.glass { background: var(--glass); backdrop-filter: blur(14px) saturate(1.3); -webkit-backdrop-filter: blur(14px) saturate(1.3); border-radius: 11px; }

.bar {
  position: absolute; left: 50%; bottom: calc(8px + env(safe-area-inset-bottom, 0px)); transform: translateX(-50%); width: min(100% - 16px, 760px);
  box-sizing: border-box; padding: 0 6px 3px; display: grid; transition: opacity .35s, visibility .35s; z-index: 2;
}
.row { display: flex; align-items: center; gap: 1px; }
.row .gap { flex: 1; }
.clock, .speed { font-variant-numeric: tabular-nums; font-size: 12px; color: var(--quiet); white-space: nowrap; }
.clock { padding: 0 8px; }
button.speed { padding: 0 8px; min-width: 46px; }
button.speed.changed { color: var(--accent); }
/* An idle bar only fades: hidden, it would leave the tab order. */
.idle .bar { opacity: 0; pointer-events: none; }
.bar.away { opacity: 0; visibility: hidden; }
.bar:has(:focus-visible) { opacity: 1 !important; visibility: visible !important; pointer-events: auto; }
input[type=range] {
  -webkit-appearance: none; appearance: none; width: 100%; margin: 0; height: 20px; background: none; cursor: pointer; --done: 0%; touch-action: none; border-radius: 6px;
}
.bar input[type=range] { margin: 2px 5px -3px; width: calc(100% - 10px); }
@media (pointer: coarse) { input[type=range] { height: 30px; } .bar input[type=range] { margin-bottom: -7px; } }
input::-webkit-slider-runnable-track { height: 3px; border-radius: 2px; background: linear-gradient(to right, var(--accent) var(--done), rgb(255 255 255 / .26) 0); }
input::-moz-range-track { height: 3px; border-radius: 2px; background: rgb(255 255 255 / .26); }
input::-moz-range-progress { height: 3px; border-radius: 2px; background: var(--accent); }
input::-webkit-slider-thumb { -webkit-appearance: none; width: 12px; height: 12px; margin-top: -4.5px; border-radius: 50%; background: #fff; border: 0; box-shadow: 0 0 3px rgb(0 0 0 / .5); }
input::-moz-range-thumb { width: 12px; height: 12px; border-radius: 50%; background: #fff; border: 0; }
@media (pointer: coarse) {
  input::-webkit-slider-thumb { width: 16px; height: 16px; margin-top: -6.5px; } input::-moz-range-thumb { width: 16px; height: 16px; }
}

.card {
  position: absolute; right: 8px; bottom: calc(var(--size) + 38px + env(safe-area-inset-bottom, 0px)); padding: 12px 14px; z-index: 2;
  max-height: calc(100% - var(--size) - 62px); overflow: auto; overscroll-behavior: contain; box-sizing: border-box; max-width: calc(100% - 16px);
}
@container (min-width: 780px) { .card { right: calc(50% - 380px); } }
.card h2 { margin: 0 0 6px; font: inherit; font-weight: 600; }
.card dl { display: grid; grid-template-columns: auto 1fr; gap: 2px 16px; margin: 0; }
.card dt { color: var(--accent); }
.card dd { margin: 0; }
.statistics { left: 8px; right: auto; top: calc(var(--top) + 8px); bottom: auto; font-size: 12px; font-variant-numeric: tabular-nums; pointer-events: none; }
.statistics dt { color: var(--quiet); }
@container (max-width: 560px) { .statistics { font-size: 11px; padding: 8px 10px; } }
.settings { width: 250px; display: grid; gap: 4px; }
.settings label { display: grid; grid-template-columns: 1fr auto; }
.settings label > :nth-child(2) { color: var(--quiet); font-variant-numeric: tabular-nums; }
.settings label > input { grid-column: 1 / -1; }
.settings button { justify-content: flex-start; gap: 10px; padding: 0 8px; margin: 0 -8px; width: calc(100% + 16px); height: calc(var(--size) - 2px); }
.settings button kbd { margin-left: auto; font: inherit; color: var(--quiet); }
@media (pointer: coarse) { kbd { display: none; } }

.ring { position: absolute; left: 50%; top: 50%; translate: -50% -50%; padding: 9px; border-radius: 50%; pointer-events: none; transition: all .4s; z-index: 1; }
.ring svg { width: 34px; height: 34px; rotate: -90deg; stroke: var(--accent); stroke-width: 2; }
.ring .rest { stroke: rgb(255 255 255 / .22); }
.ring.small { left: calc(100% - 22px); top: calc(var(--top) + 22px); padding: 5px; }
.ring.small svg { width: 16px; height: 16px; stroke-width: 3; }
.ring.endless svg { animation: turn 1.1s linear infinite; }
.ring.gone { opacity: 0; visibility: hidden; }
@keyframes turn { to { rotate: 270deg; } }

.message { position: absolute; inset: 0; display: grid; place-content: center; justify-items: center; text-align: center; gap: 4px; padding: 16px; background: rgb(12 13 16 / .78); z-index: 3; }
.message strong { font-size: 15px; text-wrap: balance; }
.message span { color: rgb(255 255 255 / .75); max-width: 42ch; text-wrap: pretty; }
.message code { font-size: 11px; color: rgb(255 255 255 / .5); overflow-wrap: anywhere; max-width: 60ch; }
.message button, .start { background: rgb(255 255 255 / .14); padding: 0 16px; margin-top: 8px; }
.note { position: absolute; left: 50%; top: calc(var(--top) + 10px); translate: -50% 0; padding: 6px 12px; max-width: calc(100% - 24px); box-sizing: border-box; transition: opacity .3s; pointer-events: none; z-index: 2; text-align: center; }
.note:empty { opacity: 0; }
.start { position: absolute; left: 50%; top: 50%; translate: -50% -50%; width: 64px; height: 64px; border-radius: 50%; padding: 0; margin: 0; background: var(--glass); z-index: 1; }
.start svg { width: 30px; height: 30px; }
.prompt { position: absolute; left: 50%; bottom: 30%; translate: -50% 0; padding: 7px 13px 7px 10px; display: flex; gap: 7px; align-items: center; pointer-events: none; transition: opacity .4s; z-index: 1; white-space: nowrap; }
.prompt svg { animation: beckon 2.4s ease-in-out infinite; }
@keyframes beckon { 0%, 100% { translate: -4px 0; } 50% { translate: 4px 0; } }
.tilt { position: absolute; right: 8px; top: calc(var(--top) + 8px); padding: 0 12px 0 8px; gap: 6px; z-index: 2; }
@container (max-width: 460px) { .bar .wide { display: none; } }
@container (max-width: 340px) { .bar .clock { display: none; } }
@media (prefers-reduced-motion: reduce) { *, *::before { transition: none !important; animation: none !important; } }
@media (forced-colors: active) {
  .glass, .bar { background: Canvas; border: 1px solid CanvasText; }
  input[type=range] { forced-color-adjust: none; }
  input::-webkit-slider-runnable-track { background: linear-gradient(to right, Highlight var(--done), CanvasText 0); }
  input::-moz-range-track { background: CanvasText; }
  input::-moz-range-progress { background: Highlight; }
  input::-webkit-slider-thumb { background: ButtonText; box-shadow: 0 0 0 2px Canvas; }
  input::-moz-range-thumb { background: ButtonText; }
}
`);
