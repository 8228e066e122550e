/**
 * Words instead of a blank page, where a browser is too old to read the page's script.
 *
 * A classic script, built as ES5: it must run where nothing else does. The pages are built for
 * Chrome 100, Firefox 102 and Safari 15.4; the three functions asked for here came last of what
 * they need (structuredClone: Chrome 98, Firefox 94, Safari 15.4).
 */
(function () {
  var current =
    "noModule" in document.createElement("script") &&
    typeof Object.hasOwn === "function" &&
    typeof Array.prototype.at === "function" &&
    typeof window.structuredClone === "function";
  if (current) return;

  function add(parent: HTMLElement, tag: string, text: string): HTMLElement {
    var element = document.createElement(tag);
    element.appendChild(document.createTextNode(text));
    parent.appendChild(element);
    return element;
  }

  function show(): void {
    var main = document.createElement("main");
    main.id = "old-browser";
    main.setAttribute("role", "alert");
    add(main, "h1", "This browser is too old for this page");
    add(
      main,
      "p",
      "Update it, or open this address in another: Safari of iOS 15.4 or newer, or a Chrome, Edge or Firefox of 2022 or newer.",
    );
    add(main, "p", location.href.split("#")[0]!);
    while (document.body.firstChild) document.body.removeChild(document.body.firstChild);
    document.body.appendChild(main);
    document.documentElement.className += " too-old";
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", show);
  else show();
})();
