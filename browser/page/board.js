// The drawing of the board, by its state (browser/engine/src/picture.rs).
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const SENSORS = [
  ["temperature", "air, °C"], ["humidity", "humidity, %"], ["soil", "soil, %"],
  ["light", "light, lux"], ["tank", "tank, %"],
];

class Drawing {
  constructor(root) {
    this.root = root;
    this.angle = 0;
    this.speed = 0;
    this.lines = Array.from({ length: 4 }, (_, at) => this.text("#lcd", 13, 27 + at * 17));
    this.values = SENSORS.map(([, label], at) => {
      const x = 52 + at * 79;
      this.text("#sensors", x, 290).textContent = label;
      const value = this.text("#sensors", x, 262);
      value.classList.add("value");
      return value;
    });
  }

  text(parent, x, y) {
    const text = document.createElementNS(SVG, "text");
    text.setAttribute("x", x);
    text.setAttribute("y", y);
    this.root.querySelector(parent).append(text);
    return text;
  }

  /** Shows a state; null is another device, of which nothing is known. */
  show(state) {
    this.root.style.opacity = state ? 1 : 0.25;
    if (!state) return;
    for (const [lamp, percent] of Object.entries(state.lamps)) {
      const group = this.root.querySelector(`#${lamp}`);
      group.classList.toggle("lit", percent > 0);
      group.querySelector(".glow").style.opacity = percent / 100;
    }
    this.speed = state.fan;
    this.root.querySelector("#heater").classList.toggle("on", state.heating);
    this.root.querySelector("#vent").style.transform = `rotate(${-state.vent / 2}deg)`;
    for (const [valve, seconds] of Object.entries(state.valves)) {
      const group = this.root.querySelector(`[data-valve=${valve}]`);
      group.classList.toggle("open", seconds > 0);
    }
    state.display.forEach((line, at) => { this.lines[at].textContent = line; });
    const timers = state.timers.map((it) => `${it.label || "timer"} ${it.seconds} s`);
    this.root.querySelector("#timers").textContent = timers.join(", ");
    SENSORS.forEach(([name], at) => { this.values[at].textContent = state.sensors[name]; });
    this.root.querySelector("#button").classList.toggle("asks", state.asks);
  }

  /** Lets the fan turn. */
  turn(ms) {
    this.angle = (this.angle + this.speed * ms * 0.009) % 360;
    this.root.querySelector("#fan").setAttribute("transform", `rotate(${this.angle})`);
  }
}
