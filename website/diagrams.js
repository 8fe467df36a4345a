// Diagrams are documents of their own, whose colours follow the system; here they follow the switch of the site. From a folder,
// where documents see nothing of each other, they stay with the system.
function follow() {
  const query = document.body.dataset.mdColorScheme === "slate" ? "all" : "not all";
  for (const diagram of document.querySelectorAll(".diagram object"))
    for (const sheet of diagram.contentDocument?.styleSheets ?? [])
      for (const rule of sheet.cssRules) if (rule.media) rule.media.mediaText = query;
}

new MutationObserver(follow).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
addEventListener("load", follow);
