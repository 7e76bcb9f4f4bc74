// The word of a link to a hidden block opens it.
addEventListener("hashchange", () => {
  const target = document.getElementById(location.hash.slice(1));
  target?.closest("details")?.setAttribute("open", "");
});

// Pictures with more than one panel, which breglab.css does not squeeze on a phone.
addEventListener("load", () => {
  for (const image of document.querySelectorAll(".cell_output img, .bd-content section > p > img")) {
    const width = Number(image.getAttribute("width")) || image.naturalWidth;
    image.classList.toggle("wide", width > 560);
  }
});
