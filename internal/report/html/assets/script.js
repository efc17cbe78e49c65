
"use strict";
// Sorting and filtering of the table; all that it shows is readable without.
// Rows are moved and hidden, never built: no text becomes markup.
(function () {
  var table = document.getElementById("table");
  if (!table) return;
  var bodies = Array.prototype.slice.call(table.tBodies);
  var original = bodies.slice();
  var rank = { "v-match": 0, "v-undecided": 1, "v-excluded": 2, "v-no_match": 3, "v-other": 4 };

  function key(body, column) {
    var cell = body.rows[0].cells[column];
    if (column === 1) {
      var time = cell.querySelector("time");
      return time ? time.dateTime : "";
    }
    if (column === 2) return rank[body.className];
    return cell.textContent.toLowerCase();
  }

  function sort(column, down) {
    var list = original.map(function (body, i) { return { body: body, i: i, key: column ? key(body, column) : i }; });
    list.sort(function (a, b) {
      var order = a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
      return (down ? -order : order) || a.i - b.i;
    });
    bodies = list.map(function (item) { return item.body; });
    var all = document.createDocumentFragment();
    bodies.forEach(function (body) { all.appendChild(body); });
    table.appendChild(all);
  }

  var heads = Array.prototype.slice.call(table.tHead.rows[0].cells);
  heads.forEach(function (head, column) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.textContent = "";
    head.appendChild(button);
    button.addEventListener("click", function () {
      var down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      sort(column, down);
    });
  });

  var controls = document.getElementById("controls");
  var filter = document.getElementById("filter");
  var shown = document.getElementById("shown");
  var boxes = Array.prototype.slice.call(controls.querySelectorAll("input[name=verdict]"));

  // In a large table only what is visible is searched, or typing would stall.
  function text(body) {
    var part = original.length > 5000 ? body.rows[0].textContent + body.querySelector("summary").textContent : body.textContent;
    return part.toLowerCase();
  }

  function apply() {
    var words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    var wanted = {};
    boxes.forEach(function (box) { wanted["v-" + box.value] = box.checked; });
    var n = 0;
    original.forEach(function (body) {
      var show = wanted[body.className] !== false;
      if (show && words.length) {
        var all = text(body);
        show = words.every(function (word) { return all.indexOf(word) >= 0; });
      }
      body.hidden = !show;
      if (show) n++;
    });
    shown.textContent = n === original.length ? n + " shown" : n + " of " + original.length + " shown";
  }

  var timer = 0;
  filter.addEventListener("input", function () {
    clearTimeout(timer);
    timer = setTimeout(apply, 150);
  });
  boxes.forEach(function (box) { box.addEventListener("change", apply); });
  controls.addEventListener("submit", function (event) { event.preventDefault(); apply(); });

  function each(scope, open) {
    Array.prototype.forEach.call(scope.querySelectorAll("details"), function (d) { d.open = open; });
  }
  document.getElementById("open").addEventListener("click", function () { each(table, true); });
  document.getElementById("close").addEventListener("click", function () { each(table, false); });

  // A row that a link leads to is opened.
  function reveal() {
    var body = /^#row[0-9]+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
    if (!body) return;
    body.hidden = false;
    body.querySelector("details").open = true;
    body.scrollIntoView();
  }
  window.addEventListener("hashchange", reveal);

  // Paper has no way to open a card.
  var closed = [];
  window.addEventListener("beforeprint", function () {
    closed = Array.prototype.slice.call(document.querySelectorAll("details:not([open])"));
    closed.forEach(function (d) { d.open = true; });
  });
  window.addEventListener("afterprint", function () {
    closed.forEach(function (d) { d.open = false; });
  });

  controls.hidden = false;
  apply();
  reveal();
})();
