"use strict";
// Draws a picture of nodes and links, and lets one expand, hide, pin, and go back in time.

const NEXT = "/console/graph/next?node=";
const PAGES = { member: "members", order: "orders" };
const SHAPES = {
  member: "ellipse",
  visitor: "ellipse",
  token: "diamond",
  shop: "round-rectangle",
  product: "hexagon",
  share: "triangle",
  order: "rectangle",
};
// Up to so many links their labels are shown unasked.
const LABELLED_MAX = 40;
// Up to so many nodes a layout by forces takes a fraction of a second.
const FORCED_MAX = 120;
// Few nodes are not blown up.
const ZOOM_FIT_MAX = 1.3;
const RING_GAP = 52;
// What is new stands on this part of a circle.
const SPREAD = Math.PI * 0.9;
const NODE_GAP = 34;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Many nodes stand in rings: what is shared inside, by how many links it has, members around it.
function inRings(elements, core) {
  const degrees = new Map();
  for (const { group, data } of elements) {
    if (group !== "edges") continue;
    for (const end of [data.source, data.target]) degrees.set(end, (degrees.get(end) || 0) + 1);
  }
  const nodes = elements.filter((element) => element.group === "nodes");
  const rank = (node) => (core.has(node.data.id) ? -1e6 : 0) + (degrees.get(node.data.id) || 0);
  nodes.sort((a, b) => rank(b) - rank(a));
  let radius = 0;
  let place = 0;
  let room = 1;
  let wasCore = false;
  for (const node of nodes) {
    const isCore = core.has(node.data.id);
    if (place === room || (isCore && !wasCore)) {
      radius += RING_GAP;
      room = Math.max(1, Math.floor((2 * Math.PI * radius) / NODE_GAP));
      place = 0;
    }
    const angle = (2 * Math.PI * place) / room + radius;
    node.position = { x: radius * Math.cos(angle), y: radius * Math.sin(angle) };
    wasCore = isCore;
    place += 1;
  }
}

function styleOf(many) {
  const kinds = Object.entries(SHAPES).map(([kind, shape]) => ({
    selector: `node.${kind}`,
    style: { shape, "background-color": colour(`--kind-${kind}`) || colour("--kind-other") },
  }));
  return [
    {
      selector: "node",
      style: {
        width: 18,
        height: 18,
        label: "data(label)",
        color: colour("--ink"),
        "font-size": 9,
        "text-max-width": 90,
        "text-wrap": "ellipsis",
        "text-valign": "bottom",
        "text-margin-y": 3,
        "min-zoomed-font-size": 7,
        "background-color": colour("--kind-other"),
      },
    },
    ...kinds,
    { selector: "node.core", style: { width: 26, height: 26, "border-width": 2, "border-color": colour("--ink") } },
    { selector: "node.pinned", style: { "border-width": 4, "border-color": colour("--accent") } },
    { selector: "node:selected", style: { "border-width": 4, "border-color": colour("--minus") } },
    {
      selector: "edge",
      style: {
        width: 1.2,
        "line-color": colour("--soft"),
        opacity: 0.65,
        "target-arrow-color": colour("--soft"),
        "target-arrow-shape": "triangle",
        "arrow-scale": 0.7,
        "curve-style": "bezier",
        color: colour("--ink"),
        "font-size": 8,
        "text-wrap": "wrap",
        "text-background-color": colour("--ground"),
        "text-background-opacity": 0.85,
        "text-background-padding": 1,
        "min-zoomed-font-size": 6,
      },
    },
    // Straight lines without arrows are drawn several times as fast.
    ...(many
      ? [
          { selector: "node", style: { "text-wrap": "none" } },
          { selector: "edge", style: { "curve-style": "haystack", "haystack-radius": 0, width: 0.8 } },
          { selector: "edge.near, edge.labelled", style: { "curve-style": "bezier" } },
        ]
      : []),
    { selector: "edge.labelled, edge:selected, edge.near", style: { label: "data(text)" } },
    { selector: "edge.near", style: { width: 2.4, opacity: 1, "line-color": colour("--accent"), "target-arrow-color": colour("--accent") } },
    { selector: ".later, .away", style: { display: "none" } },
  ];
}

class Picture {
  constructor(root) {
    this.root = root;
    this.told = JSON.parse(root.dataset.words);
    this.find = (name) => root.querySelector(name);
    this.times = [];
    // Swedes write years first, as the pages do; the zone is that of the mall.
    this.clock = new Intl.DateTimeFormat("sv-SE", { timeZone: root.dataset.zone, dateStyle: "short", timeStyle: "short" });
  }

  async draw() {
    const began = performance.now();
    let data;
    try {
      data = await this.ask(this.root.dataset.src);
    } catch {
      this.say(this.told.words.failed);
      return;
    }
    const core = new Set(data.core);
    const elements = this.elements(data, core);
    this.many = data.nodes.length > FORCED_MAX;
    if (this.many) inRings(elements, core);
    this.cy = cytoscape({
      container: this.find(".canvas"),
      elements,
      style: styleOf(this.many),
      layout: { name: "preset" },
      minZoom: 0.1,
      maxZoom: 4,
      boxSelectionEnabled: false,
      hideEdgesOnViewport: data.edges.length > 400,
      pixelRatio: "auto",
    });
    const isTree = this.root.dataset.layout === "tree";
    this.find(".labels").checked = !isTree && data.edges.length <= LABELLED_MAX;
    this.truncated = data.truncated;
    this.listen();
    this.arrange();
    this.refresh();
    this.root.picture = this;
    // Twice: the first call comes before the picture is painted.
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    this.root.dataset.opened = String(Math.round(performance.now()));
    this.root.dataset.drawn = String(Math.round(performance.now() - began));
  }

  async ask(address) {
    const answer = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  elements(data, core = new Set()) {
    const nodes = data.nodes.map((node) => ({
      group: "nodes",
      classes: core.has(node.id) ? `${node.kind} core` : node.kind,
      data: { id: node.id, kind: node.kind, label: node.label, facts: node.facts },
    }));
    const edges = data.edges.map((edge) => ({
      group: "edges",
      data: {
        id: `${edge.from} ${edge.type} ${edge.to} ${edge.at}`,
        source: edge.from,
        target: edge.to,
        at: edge.at,
        text: this.edgeText(edge),
      },
    }));
    return [...nodes, ...edges];
  }

  edgeText(edge) {
    const parts = [this.told.links[edge.type] || edge.type];
    if (edge.weight > 1) parts[0] += ` ×${edge.weight}`;
    if (edge.amountMinor) parts.push((edge.amountMinor / 100).toLocaleString());
    if (edge.at !== null) parts.push(this.moment(edge.at).slice(0, 10));
    return parts.join("\n");
  }

  moment(at) {
    return this.clock.format(new Date(at));
  }

  arrange() {
    const tree = this.root.dataset.layout === "tree";
    let layout = { name: "cose", animate: false, randomize: true, numIter: 400, nodeRepulsion: 9000, idealEdgeLength: 55, gravity: 1.2 };
    if (tree) layout = { name: "breadthfirst", directed: true, spacingFactor: 1.3, circle: this.cy.nodes().length > 10, roots: this.roots() };
    if (!this.many) this.cy.layout({ ...layout, fit: true, padding: 24 }).run();
    this.fit();
  }

  fit() {
    this.cy.fit(this.cy.elements(":visible"), 24);
    if (this.cy.zoom() > ZOOM_FIT_MAX) {
      this.cy.zoom(ZOOM_FIT_MAX);
      this.cy.center();
    }
  }

  roots() {
    return this.cy.nodes().filter((node) => node.indegree(false) === 0);
  }

  listen() {
    this.cy.on("select unselect", "node", () => this.choose());
    this.cy.on("dbltap", "node", (event) => this.expand(event.target));
    this.find(".nodes").addEventListener("change", (event) => {
      this.cy.nodes().unselect();
      const id = event.target.value;
      if (id) this.cy.getElementById(id).select();
    });
    this.find(".expand").addEventListener("click", () => this.expand(this.chosen()));
    this.find(".hide").addEventListener("click", () => {
      this.chosen().addClass("away").unselect();
      this.refresh();
    });
    this.find(".pin").addEventListener("click", () => {
      const node = this.chosen();
      if (node.locked()) node.unlock();
      else node.lock();
      node.toggleClass("pinned", node.locked());
      this.choose();
    });
    this.find(".show").addEventListener("click", () => {
      this.cy.elements().removeClass("away");
      this.refresh();
    });
    this.find(".fit").addEventListener("click", () => this.fit());
    this.find(".labels").addEventListener("change", () => this.label());
    this.find(".until").addEventListener("input", () => this.showUntil());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.cy.style(styleOf(this.many)));
  }

  chosen() {
    return this.cy.$("node:selected").first();
  }

  choose() {
    const node = this.chosen();
    const none = node.empty();
    for (const name of [".expand", ".hide", ".pin"]) this.find(name).disabled = none;
    this.find(".pin").textContent = !none && node.locked() ? this.told.words.unpin : this.told.words.pin;
    this.find(".nodes").value = none ? "" : node.id();
    this.cy.edges().removeClass("near");
    if (!none) node.connectedEdges().addClass("near");
    this.tell(none ? null : node);
  }

  tell(node) {
    const box = this.find(".known");
    box.replaceChildren();
    if (!node) return;
    const kind = node.data("kind");
    const add = (tag, text, parent = box) => {
      const made = document.createElement(tag);
      made.textContent = text;
      parent.append(made);
      return made;
    };
    add("p", `${this.told.kinds[kind] || kind} ${node.data("label")}`).className = "name";
    const list = document.createElement("dl");
    for (const [name, value] of Object.entries(node.data("facts") || {})) {
      if (value === null || value === undefined) continue;
      add("dt", this.told.facts[name] || name, list);
      const spelled = this.told.values[name] && this.told.values[name][value];
      add("dd", name === "joinedAt" ? this.moment(value) : spelled || String(value), list);
    }
    if (list.childElementCount) box.append(list);
    if (PAGES[kind]) {
      const link = add("a", this.told.words.open);
      link.href = `/console/${PAGES[kind]}/${encodeURIComponent(node.data("label"))}`;
    }
  }

  async expand(node) {
    if (!node || node.empty()) return;
    let data;
    try {
      data = await this.ask(NEXT + encodeURIComponent(node.id()));
    } catch {
      this.say(this.told.words.failed);
      return;
    }
    const known = (element) => this.cy.getElementById(element.data.id).nonempty();
    const fresh = this.elements(data).filter((element) => !known(element));
    const at = node.position();
    const box = this.cy.nodes().boundingBox({ includeLabels: false });
    const away = Math.atan2(at.y - (box.y1 + box.y2) / 2, at.x - (box.x1 + box.x2) / 2);
    const nodes = fresh.filter((element) => element.group === "nodes");
    // Outside of what was drawn, beside the node; what stood where it stood stays there.
    nodes.forEach((element, place) => {
      const angle = away + SPREAD * ((place + 0.5) / nodes.length - 0.5);
      const reach = 90 + 45 * (place % 3);
      element.position = { x: at.x + reach * Math.cos(angle), y: at.y + reach * Math.sin(angle) };
    });
    this.cy.add(fresh);
    this.truncated = this.truncated || data.truncated;
    this.refresh();
    this.choose();
    if (nodes.length) this.cy.animate({ fit: { eles: node.closedNeighborhood(), padding: 30 } }, { duration: 150 });
    const count = String(nodes.length);
    this.say(nodes.length ? this.told.words.added.replace("{count}", count) : this.told.words.nothing);
    this.root.dataset.expanded = count;
  }

  refresh() {
    this.times = this.cy.edges().map((edge) => edge.data("at")).filter((at) => at !== null).sort((a, b) => a - b);
    this.find(".until").disabled = this.times.length < 2;
    this.label();
    this.showUntil();
    this.list();
    this.legend();
    const nodes = this.cy.nodes().not(".away").length;
    const edges = this.cy.edges().length;
    const { words } = this.told;
    const count = words.count.replace("{nodes}", String(nodes)).replace("{edges}", String(edges));
    this.say(nodes ? count + (this.truncated ? ` · ${words.truncated}` : "") : words.empty);
    this.root.dataset.nodes = String(nodes);
  }

  label() {
    this.cy.edges().toggleClass("labelled", this.find(".labels").checked);
  }

  showUntil() {
    const range = this.find(".until");
    const part = Number(range.value) / Number(range.max);
    const [first, last] = [this.times[0], this.times[this.times.length - 1]];
    const until = part >= 1 || this.times.length < 2 ? Infinity : first + part * (last - first);
    this.find(".moment").textContent = this.times.length ? this.moment(Math.min(until, last)) : "";
    this.cy.batch(() => {
      this.cy.edges().forEach((edge) => edge.toggleClass("later", edge.data("at") !== null && edge.data("at") > until));
      this.cy.nodes().forEach((node) => {
        const edges = node.connectedEdges();
        node.toggleClass("later", !node.hasClass("core") && edges.nonempty() && edges.every((edge) => edge.hasClass("later")));
      });
    });
  }

  list() {
    const select = this.find(".nodes");
    const first = select.options[0];
    const options = this.cy.nodes().not(".away").map((node) => {
      const kind = node.data("kind");
      const option = document.createElement("option");
      option.value = node.id();
      option.textContent = `${this.told.kinds[kind] || kind} ${node.data("label")}`;
      return option;
    });
    options.sort((a, b) => a.textContent.localeCompare(b.textContent));
    const value = select.value;
    select.replaceChildren(first, ...options);
    select.value = value;
  }

  legend() {
    const counts = new Map();
    this.cy.nodes().not(".away").forEach((node) => {
      counts.set(node.data("kind"), (counts.get(node.data("kind")) || 0) + 1);
    });
    const items = [...counts].map(([kind, count]) => {
      const item = document.createElement("li");
      item.className = kind;
      item.append(document.createElement("i"), `${this.told.kinds[kind] || kind} ${count}`);
      return item;
    });
    this.find(".legend").replaceChildren(...items);
  }

  say(text) {
    this.find(".told").textContent = text;
  }
}

for (const root of document.querySelectorAll(".picture")) new Picture(root).draw();
