// The word of a link to a hidden block opens it.
addEventListener("hashchange", () => {
  const target = document.getElementById(location.hash.slice(1));
  target?.closest("details")?.setAttribute("open", "");
});
