// What a person would see of the page, measured. Evaluated in it by the tests; gives plain values.
() => {
  const round = (number) => Math.round(number * 100) / 100;
  const shown = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && getComputedStyle(element).visibility !== "hidden";
  };
  const colour = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const solid = (text) => text.startsWith("rgb") && (colour(text)[3] ?? 1) > 0.99;
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const fill = getComputedStyle(at).backgroundColor;
      if (solid(fill)) return colour(fill);
    }
    return colour(getComputedStyle(document.body).backgroundColor);
  };
  // Behind a point of a drawing: the topmost filled rectangle, else what the drawing stands on.
  const behind = (element, x, y) => {
    for (const rect of [...element.closest("svg.picture").querySelectorAll("rect")].reverse()) {
      const box = rect.getBoundingClientRect();
      const fill = getComputedStyle(rect).fill;
      const covers = box.left <= x && x <= box.right && box.top <= y && y <= box.bottom;
      const before = rect.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING;
      if (covers && before && rect !== element && solid(fill)) return colour(fill);
    }
    return ground(element.closest("svg.picture"));
  };

  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const parent = node.parentElement;
    if (!node.data.trim() || ["TITLE", "STYLE", "title"].includes(parent.tagName) || !shown(parent)) continue;
    const style = getComputedStyle(parent);
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (box.width < 1 || parent.closest("thead") && matchMedia("(max-width: 700px)").matches) continue;
    const drawn = parent.closest("svg.picture");
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const own = colour(drawn ? style.fill : style.color);
    const scale = drawn ? drawn.getBoundingClientRect().width / drawn.viewBox.baseVal.width : 1;
    texts.push({
      text: node.data.trim().slice(0, 60), size: round(parseFloat(style.fontSize) * scale), bold: Number(style.fontWeight) >= 700,
      contrast: round(contrast(own, drawn ? behind(parent, x, y) : ground(parent))), left: round(box.left), right: round(box.right),
    });
  }

  const marks = [...document.querySelectorAll("svg.sign, .picture .bar, .picture .tile, .picture .arrow")].filter(shown).map((mark) => {
    const stroke = colour(getComputedStyle(mark).stroke);
    const box = mark.getBoundingClientRect();
    const inside = mark.closest("svg.picture");
    const back = inside ? behind(mark, box.left + box.width / 2, box.top + box.height / 2) : ground(mark.parentElement);
    return { kind: mark.getAttribute("class"), contrast: round(contrast(stroke, back)) };
  });

  const strayed = [];
  for (const card of document.querySelectorAll(".picture .card")) {
    const frame = card.querySelector(".box");
    if (!frame || !shown(frame)) continue;
    const box = frame.getBoundingClientRect();
    for (const text of card.querySelectorAll("text")) {
      const own = text.getBoundingClientRect();
      if (own.width && (own.left < box.left - 0.5 || own.right > box.right + 0.5 || own.bottom > box.bottom + 0.5))
        strayed.push(`${card.dataset.key}: ${text.textContent.slice(0, 40)}`);
    }
    const [chip, ...others] = [card.querySelector(".chip"), card.querySelector(".label")];
    if (chip && others[0] && others[0].getBoundingClientRect().right > chip.getBoundingClientRect().left)
      strayed.push(`${card.dataset.key}: label over chip`);
    const cost = card.querySelector(".cost");
    for (const text of card.querySelectorAll(".name, .detail")) {
      if (!cost) continue;
      const [one, other] = [text.getBoundingClientRect(), cost.getBoundingClientRect()];
      if (one.right > other.left && one.bottom > other.top + 3 && other.bottom > one.top + 3) strayed.push(`${card.dataset.key}: over its cost`);
    }
  }

  return {
    width: document.documentElement.scrollWidth, room: document.documentElement.clientWidth, texts, marks, strayed,
    pictures: [...document.querySelectorAll("svg.picture")].filter(shown).map((one) => one.classList[1]),
    ground: getComputedStyle(document.body).backgroundColor,
  };
}
