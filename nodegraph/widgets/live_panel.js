// Knobs and meters of a playing patch. The model has title, knobs, meters and problem; see live_panel.py.

const POLL = 80; // milliseconds between two questions for the meters
const FLOOR = -60; // dBFS at the left end of a meter
const STEPS = 1000; // positions of a slider

const share = (level) => `${Math.min(100, Math.max(0, (100 * (level - FLOOR)) / -FLOOR))}%`;

function element(tag, name, parent) {
  const made = document.createElement(tag);
  made.className = name;
  parent.append(made);
  return made;
}

function addKnob(model, knob, parent) {
  const row = element("label", "ng-row", parent);
  row.title = knob.doc;
  element("span", "ng-name", row).textContent = knob.name;
  const slider = element("input", "ng-slider", row);
  Object.assign(slider, { type: "range", min: 0, max: STEPS, step: 1 });
  const text = element("output", "ng-text", row);
  slider.addEventListener("input", () => {
    model.send({ type: "knob", name: knob.name, position: Number(slider.value) / STEPS });
  });
  let held = false; // a slider in the hand is not moved by an answer to an earlier position
  slider.addEventListener("pointerdown", () => { held = true; });
  for (const end of ["pointerup", "pointercancel"]) slider.addEventListener(end, () => { held = false; });
  return (state) => {
    text.textContent = state.text;
    if (!held) slider.value = Math.round(STEPS * state.position);
  };
}

function addMeter(name, parent) {
  const row = element("div", "ng-row", parent);
  element("span", "ng-name", row).textContent = name;
  const scale = element("div", "ng-meter", row);
  const bar = element("div", "ng-bar", scale);
  const peak = element("div", "ng-peak", scale);
  const text = element("output", "ng-text", row);
  return (level) => {
    bar.style.width = share(level.rms);
    peak.style.left = share(level.peak);
    peak.classList.toggle("ng-over", level.peak >= 0);
    text.textContent = `${level.rms.toFixed(1)} dB`;
  };
}

function render({ model, el }) {
  const root = element("div", "ng-panel", el);
  let updates = {};

  function build() {
    root.replaceChildren();
    updates = {};
    const title = model.get("title");
    if (title) element("div", "ng-title", root).textContent = title;
    for (const knob of model.get("knobs")) updates[`knob ${knob.name}`] = addKnob(model, knob, root);
    for (const meter of model.get("meters")) updates[`meter ${meter.name}`] = addMeter(meter.name, root);
    updates.problem = element("div", "ng-problem", root);
    update();
  }

  function update() {
    const states = [
      ...model.get("knobs").map((knob) => [`knob ${knob.name}`, knob]),
      ...model.get("meters").map((meter) => [`meter ${meter.name}`, meter]),
    ];
    const known = Object.keys(updates).length - 1;
    if (states.length !== known || states.some(([key]) => !(key in updates))) return build();
    for (const [key, state] of states) updates[key](state);
    updates.problem.textContent = model.get("problem");
  }

  const names = ["change:knobs", "change:meters", "change:problem"];
  build();
  for (const name of names) model.on(name, update);
  const timer = setInterval(() => model.send({ type: "poll" }), POLL);
  return () => {
    clearInterval(timer);
    for (const name of names) model.off(name, update);
  };
}

export default { render };
